/** Packs the packages as for publishing, installs them into an empty folder and uses them as a new user would. */
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const names = ["turnwire", "voice", "server"];
const folders = names.map((name) => join(root, "packages", name));
/** The most that the client may take on disk with everything it depends on. */
const clientLimitBytes = 5_000_000;

interface Manifest {
  name: string;
  version: string;
  exports: Record<string, unknown>;
}

const manifests = folders.map((folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest);
const { version } = manifests[0]!;
const entries = manifests.flatMap(({ name, exports }) =>
  Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => name + path.slice(1)),
);
const work = mkdtempSync(join(tmpdir(), "turnwire-package-"));
const consumer = join(work, "consumer");

// Without a key and an address the command must use its own embedded server. And npx must run the installed package, never
// download another one of that name.
const env: NodeJS.ProcessEnv = {
  PATH: dirname(process.execPath) + delimiter + process.env["PATH"],
  npm_config_yes: "false",
};
for (const [name, value] of Object.entries(process.env)) {
  if (!(name in env) && !/^(?:OPENAI_|TURNWIRE_|NODE_OPTIONS$)/.test(name)) env[name] = value;
}

function run(
  command: string,
  args: string[],
  options: { cwd?: string; input?: string; mayFail?: boolean } = {},
): string {
  const { cwd = consumer, input = "", mayFail = false } = options;
  const { stdout, stderr, status, signal, error } = spawnSync(command, args, {
    cwd,
    env,
    input,
    encoding: "utf8",
    timeout: 120_000,
  });
  if (status !== 0 && !mayFail) {
    const end = error?.message ?? `exit code ${status ?? signal}`;
    throw new Error(`${[command, ...args].join(" ")}: ${end}\n${stdout}${stderr}`);
  }
  return stdout.trim();
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1000)} kB`;
}

function check(what: string, attempt: () => string): void {
  try {
    console.log(`ok    ${what}: ${attempt()}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAIL  ${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Type-checks the packages' declarations in a project that has Node's types and nothing else of this repository. */
function checkTypes(): string {
  symlinkSync(join(root, "node_modules/@types/node"), join(consumer, "node_modules/@types/node"));
  const imports = entries.map((entry, index) => `export * as entry${index} from "${entry}";\n`);
  writeFileSync(join(consumer, "consumer.ts"), imports.join(""));
  const compilerOptions = {
    module: "NodeNext",
    target: "ES2024",
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    types: ["node"],
  };
  writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  const output = run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--pretty", "false"], {
    mayFail: true,
  });
  const errors = output.split("\n").filter((line) => line.includes("error TS"));
  const ours = errors.filter((line) => !line.startsWith("node_modules/") || /^node_modules\/@?turnwire\//.test(line));
  if (ours.length > 0) throw new Error(`errors in turnwire's declarations:\n${ours.join("\n")}`);
  return errors.length === 0
    ? "no errors"
    : `no errors in turnwire's declarations; ${errors.length} in those of dependencies, such as\n${errors[0]}`;
}

try {
  mkdirSync(join(consumer, "node_modules/@types"), { recursive: true });
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));

  for (const folder of folders) {
    console.log(run(process.execPath, [join(root, "node_modules/publint/src/cli.js"), "--strict", folder]));
    // The packages are already built.
    run("npm", ["pack", "--ignore-scripts", "--pack-destination", work], { cwd: folder });
  }
  const tarballs = readdirSync(work).filter((name) => name.endsWith(".tgz"));
  if (tarballs.length !== names.length) throw new Error(`npm pack left ${tarballs.length} tarballs`);
  for (const tarball of tarballs) console.log(`packed ${tarball}: ${kilobytes(statSync(join(work, tarball)).size)}`);

  const install = ["install", "--omit=dev", "--no-audit", "--no-fund", "--prefer-offline"];
  run("npm", [...install, join(work, `turnwire-${version}.tgz`)]);
  check("the client, installed alone", () => {
    const bytes = sizeOf(join(consumer, "node_modules"));
    const sizes = `${kilobytes(bytes)}, of which ${kilobytes(sizeOf(join(consumer, "node_modules/turnwire")))} its own`;
    if (bytes > clientLimitBytes) throw new Error(`${sizes}; at most ${kilobytes(clientLimitBytes)}`);
    return sizes;
  });
  run("npm", [...install, ...tarballs.map((tarball) => join(work, tarball))]);

  for (const entry of entries) {
    check(`import "${entry}"`, () => {
      const count = run(process.execPath, [
        "-p",
        `import("${entry}").then((all) => console.log(Object.keys(all).length)), ""`,
      ]);
      if (!(Number(count) > 0)) throw new Error("it exports nothing");
      return `${count} exports`;
    });
  }
  check("types of all, with skipLibCheck off", checkTypes);
  for (const command of ["turnwire", "@turnwire/server"]) {
    check(`npx ${command} --version`, () => {
      const printed = run("npx", [command, "--version"]);
      if (printed !== version) throw new Error(`it printed ${JSON.stringify(printed)}, not ${version}`);
      return printed;
    });
  }
  check("npx turnwire chat, two lines piped in", () => {
    const printed = run("npx", ["turnwire", "chat"], { input: "Hello.\nWhat can you do?\n" });
    if (printed === "") throw new Error("it printed nothing");
    return `exit code 0, ${printed.split("\n").length} lines`;
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}
