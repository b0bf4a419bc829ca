import { spawn } from "node:child_process";
import { expect, it } from "vitest";

it("a socket test starts no process", () => {
  expect(() => spawn("true")).toThrow("named *.process.test.ts");
});
