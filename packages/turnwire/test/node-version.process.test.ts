import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);

/** Imports a module in a Node that claims to be of another version; the error's message, or "imported". */
async function importIn(version: string, module: string): Promise<string> {
  const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
  const program = `import("${module}").then(() => "imported", (error) => error.message).then(console.log)`;
  const args = ["--import", `data:text/javascript,${pretend}`, "--input-type=module", "--eval", program];
  const { stdout } = await run(process.execPath, args, { cwd: import.meta.dirname });
  return stdout.trim();
}

const message = (version: string): string => `turnwire needs Node 22.12 or newer; this is Node ${version}`;

it.each(["turnwire", "turnwire/provider", "turnwire/internal"])(
  "%s says which Node it needs on an older one",
  async (name) => {
    expect(await importIn("22.11.0", name)).toBe(message("22.11.0"));
  },
);

it.each([
  ["18.20.8", message("18.20.8")],
  ["22.12.0", "imported"],
  ["24.0.0", "imported"],
])("in Node %s: %s", async (version, outcome) => {
  expect(await importIn(version, "turnwire")).toBe(outcome);
});
