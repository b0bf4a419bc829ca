import type { FunctionCall, LLMContext, InferenceRecord } from "turnwire";
import type { Backend } from "./backend.ts";
import { contextList } from "./context-list.ts";
import { errorLine } from "../shared/error-line.ts";
import { printable } from "../shared/format.ts";
import { statsTable } from "./stats-table.ts";
import type { Style } from "../shared/style.ts";
import { summaryLine } from "./summary-line.ts";
import { commands } from "./help.ts";
import type { ChatView, SessionInfo, TurnSummary } from "./view.ts";

/** Takes the text of a view. */
export interface TextSink {
  /** Writes where the last text ended. */
  write(text: string): void;
  /** Writes a line of its own, whatever came before. */
  line(text: string): void;
  /** Writes an error as a line of its own. */
  error(text: string): void;
}

/** Shows a conversation as text. */
export class TextView implements ChatView {
  readonly #sink: TextSink;
  readonly #style: Style;
  readonly #echo: boolean;
  #thinking = false;

  /** @param options.echo Whether to show the user's lines, which a terminal shows by itself. */
  constructor(sink: TextSink, options: { style: Style; echo: boolean }) {
    this.#sink = sink;
    this.#style = options.style;
    this.#echo = options.echo;
  }

  opened({ version, embedded, model, baseURL, transport }: SessionInfo): void {
    const whom = embedded
      ? "no OPENAI_API_KEY: talking to the embedded server (rules, no language model)"
      : `${model} at ${baseURL === undefined ? "OpenAI" : new URL(baseURL).host}`;
    const how = transport === "http" ? "HTTP" : "WebSocket";
    this.#dimLine(`turnwire ${version} · ${embedded ? whom : `${whom} over ${how}`}`);
    if (!this.#echo) this.#dimLine("Type while it speaks, or press Ctrl-C, to interrupt it. /help lists the commands.");
    this.#sink.line("");
  }

  said(_turn: number, text: string): void {
    if (this.#echo) this.#sink.line(`> ${text}`);
  }

  commanded(line: string): void {
    if (this.#echo) this.#sink.line(`> ${line}`);
  }

  text(delta: string): void {
    this.#endThought();
    this.#sink.write(printable(delta));
  }

  thought(delta: string): void {
    this.#thinking = true;
    this.#sink.write(this.#style.dim(printable(delta)));
  }

  toolRan(_turn: number, _call: FunctionCall, _output: string, _failed: boolean): void {
    // The line at the end of the turn shows it.
  }

  record(_turn: number, _record: InferenceRecord): void {
    // The same.
  }

  turnEnded(summary: TurnSummary): void {
    this.#endThought();
    this.#dimLine(summaryLine(summary));
    this.#sink.line("");
  }

  failed(_turn: number | undefined, error: unknown): void {
    this.#sink.error(errorLine(error));
  }

  reconnected(reason: string): void {
    this.#dimLine(`connection lost${reason === "" ? "" : ` (${printable(reason)})`}, reconnected`);
  }

  notice(message: string): void {
    this.#block([this.#style.dim(printable(message))]);
  }

  stats(records: readonly InferenceRecord[]): void {
    const [head = "", ...rows] = statsTable(records);
    this.#block([this.#style.bold(head), ...rows]);
  }

  context(context: LLMContext): void {
    this.#block(contextList(context).map(printable));
  }

  dropped(connections: number, transport: Backend["transport"]): void {
    const cut = "connection cut: the next request has to notice and recover";
    const none = transport === "http" ? "over HTTP there is no connection to cut" : "no connection is open";
    this.#block([this.#style.dim(connections > 0 ? cut : none)]);
  }

  help(): void {
    this.#block(Object.entries(commands).map(([name, what]) => `${name.padEnd(10)}${what}`));
  }

  #block(lines: readonly string[]): void {
    for (const line of [...lines, ""]) this.#sink.line(line);
  }

  #dimLine(text: string): void {
    this.#sink.line(this.#style.dim(text));
  }

  #endThought(): void {
    if (this.#thinking) this.#sink.line("");
    this.#thinking = false;
  }
}
