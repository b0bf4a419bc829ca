import { expect, test } from "vitest";
import { isRetryableCloseCode, isRetryableUpgradeStatus } from "../../src/websocket/index.ts";
import { openInMemory } from "./helpers.ts";

test("after a close that blames what was sent, connecting again is no use", () => {
  const codes = [...Array.from({ length: 16 }, (_, index) => 1000 + index), 3000, 4000];
  expect(codes.filter((code) => !isRetryableCloseCode(code))).toEqual([1002, 1003, 1007, 1008, 1009, 1010]);
});

test("after a refusal, connecting again is of use if the server was busy or broken", () => {
  const statuses = Array.from({ length: 400 }, (_, index) => 200 + index);
  expect(statuses.filter((status) => status < 500 && isRetryableUpgradeStatus(status))).toEqual([408, 425, 429]);
  expect(statuses.filter((status) => status >= 500 && !isRetryableUpgradeStatus(status))).toEqual([501, 505]);
});

test.each([
  [1006, true],
  [1008, false],
])("the error of a close with code %i says so: %s", async (code, retryable) => {
  const { connection, server } = await openInMemory();
  server.close(code, "because");
  expect(await connection.closed).toMatchObject({
    code: "connection_closed",
    closeCode: code,
    reason: "because",
    retryable,
  });
});
