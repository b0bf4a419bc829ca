import { spawn, spawnSync } from "node:child_process";
import { connect, createServer } from "node:net";
import { expect, it } from "vitest";

it("a unit test opens no socket and starts no process", () => {
  expect(() => connect(80, "127.0.0.1")).toThrow("named *.socket.test.ts");
  expect(() => createServer().listen(0)).toThrow("named *.socket.test.ts");
  expect(() => spawn("true")).toThrow("named *.process.test.ts");
  expect(() => spawnSync("true")).toThrow("named *.process.test.ts");
});
