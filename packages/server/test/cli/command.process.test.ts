import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { turnwire } from "./support/command.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

describe("turnwire", () => {
  it.each([[], ["--help"], ["help"]])("prints its help: %j", async (...args) => {
    const { code, stdout, stderr } = await turnwire(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("turnwire <subcommand>");
  });

  it("prints the help of chat with every option and what --json prints", async () => {
    const { code, stdout } = await turnwire(["chat", "--help"]);
    expect(code).toBe(0);
    for (const word of ["--base-url", "--model", "--system", "--http", "--json", "OPENAI_API_KEY", "/drop", "record"]) {
      expect(stdout).toContain(word);
    }
  });

  it.each([[["--version"]], [["chat", "--version"]]])("prints its version: %j", async (args) => {
    expect(await turnwire(args)).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    [["tune"], "unknown subcommand tune"],
    [["--loud"], "unknown option --loud"],
    [["chat", "--loud"], "unknown option '--loud'"],
    [["chat", "hello"], "unexpected argument 'hello'"],
    [["chat", "--model"], "--model"],
    [["chat", "--base-url", "example.org/v1"], "the base URL is not one"],
  ])("refuses %j in one line", async (args, problem) => {
    const { code, stdout, stderr } = await turnwire(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^turnwire: [^\n]*--help[^\n]*\n$/);
    expect(stderr).toContain(problem);
  });

  it("says which Node it needs when it runs on an older one", async () => {
    const older = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "22.11.0" } })`;
    const ended = await turnwire(["--version"], { nodeOptions: ["--import", `data:text/javascript,${older}`] });
    const stderr = "turnwire needs Node 22.12 or newer; this is Node 22.11.0\n";
    expect(ended).toEqual({ code: 1, stdout: "", stderr });
  });
});
