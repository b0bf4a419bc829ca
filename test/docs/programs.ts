import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Block, root } from "@turnwire/test-kit";

/** The names that a `ts` block may use without declaring them. */
const assumed = `
import type { LLMContext, OpenAIResponsesLLMService, PipelineTask } from "turnwire";
import type { ResponsesServer } from "@turnwire/server";
declare global {
  const llm: OpenAIResponsesLLMService;
  const context: LLMContext;
  const server: ResponsesServer;
  const task: PipelineTask;
  const signal: AbortSignal;
}
`;

interface Outcome {
  code: number | null;
  out: string;
}

/** A folder of its own, within the repository so that packages are found, but where no other check looks. */
export class Workshop implements Disposable {
  readonly folder: string;

  constructor() {
    const cache = join(root, "node_modules/.cache");
    mkdirSync(cache, { recursive: true });
    this.folder = mkdtempSync(join(cache, "turnwire-docs-"));
  }

  /** Returns the compiler's errors in the blocks, with the documents' own paths and lines. */
  async typeCheck(blocks: readonly Block[]): Promise<string> {
    const files = blocks.map((block) => this.#write(`${block.path}:${block.line}.ts`, asModule(block)));
    files.push(this.#write("assumed.d.ts", assumed));
    // Nothing imports a declaration of a package that brings none.
    files.push(join(root, "packages/turnwire/src/websocket/proxy-from-env.d.ts"));
    const config = { extends: join(root, "tsconfig.json"), compilerOptions: { rootDir: root }, include: [], files };
    const project = this.#write("tsconfig.json", JSON.stringify(config));
    const { code, out } = await run(["node_modules/typescript/bin/tsc", "-p", project, "--pretty", "false"]);
    // `…/docs/guide.md:14.ts(21,3): error`: the lines are those of the document.
    const readable = out.replace(/^\S*turnwire-docs-[^/]*\/(\S+?):\d+\.ts\((\d+),\d+\)/gm, "$1:$2");
    return code === 0 ? "" : readable || `tsc ended with ${code}`;
  }

  /** Runs a block as a user would who has copied it into a file. */
  runProgram(block: Block, env: Record<string, string>): Promise<Outcome> {
    return run([this.#write(`${block.path}:${block.line}.mjs`, block.code)], env);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }
}

/** The block on the lines it has in the document; its relative imports are those of a file in a folder of the root. */
function asModule({ line, code }: Block): string {
  return `${"\n".repeat(line - 1)}${code.replaceAll('from "../', `from "${root}`)}\nexport {};\n`;
}

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env }, timeout: 60_000 });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (out += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out }));
  });
}
