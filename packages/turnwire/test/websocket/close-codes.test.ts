import { expect, test } from "vitest";
import { WebsocketClosedError } from "../../src/errors.ts";
import { isRetryableCloseCode, isRetryableUpgradeStatus } from "../../src/websocket/index.ts";
import { rejection } from "@turnwire/test-kit";
import { openInMemory } from "./helpers.ts";

const closeCodes: Array<[code: number, retryable: boolean]> = [
  [1000, true],
  [1001, true],
  [1002, false],
  [1003, false],
  [1005, true],
  [1006, true],
  [1007, false],
  [1008, false],
  [1009, false],
  [1010, false],
  [1011, true],
  [1012, true],
  [1013, true],
  [1014, true],
  [3000, true],
  [4000, true],
];

test.each(closeCodes)("a close with code %i is retryable: %s", async (code, retryable) => {
  expect(isRetryableCloseCode(code)).toBe(retryable);
  const { connection, server } = await openInMemory();
  server.close(code, "because");
  const error = await connection.closed;
  expect(error).toBeInstanceOf(WebsocketClosedError);
  expect(error).toMatchObject({ code: "connection_closed", closeCode: code, reason: "because", retryable });
  expect(await rejection(connection.receive())).toBe(error);
});

test.each([408, 425, 429, 500, 502, 503, 504, 520, 529])("a refusal with status %i is retryable", (status) => {
  expect(isRetryableUpgradeStatus(status)).toBe(true);
});

test.each([200, 301, 302, 400, 401, 403, 404, 405, 410, 426, 501, 505])(
  "a refusal with status %i is final",
  (status) => {
    expect(isRetryableUpgradeStatus(status)).toBe(false);
  },
);
