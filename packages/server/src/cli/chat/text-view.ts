import { printable } from "../shared/format.ts";
import type { Style } from "../shared/style.ts";
import type { ChatEvent } from "./chat-events.ts";
import { contextList } from "./context-list.ts";
import { commandLines } from "./help.ts";
import { statsTable } from "./stats-table.ts";
import { summaryLine } from "./summary-line.ts";

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
export class TextView {
  readonly #sink: TextSink;
  readonly #style: Style;
  readonly #echo: boolean;
  #thinking = false;
  #overHttp = false;

  /** @param options.echo Whether to show the user's lines, which a terminal shows by itself. */
  constructor(sink: TextSink, options: { style: Style; echo: boolean }) {
    this.#sink = sink;
    this.#style = options.style;
    this.#echo = options.echo;
  }

  readonly show = (event: ChatEvent): void => {
    switch (event.type) {
      case "session":
        return this.#opened(event);
      case "user":
        return this.#said(event.text);
      case "command":
        return this.#said(event.line);
      case "text":
        this.#endThought();
        return this.#sink.write(printable(event.delta));
      case "thought":
        this.#thinking = true;
        return this.#sink.write(this.#style.dim(printable(event.delta)));
      case "summary":
        this.#endThought();
        return this.#block([this.#style.dim(summaryLine(event))]);
      case "error":
        return this.#sink.error(event.message);
      case "reconnected": {
        const why = event.reason === "" ? "" : ` (${printable(event.reason)})`;
        return this.#sink.line(this.#style.dim(`connection lost${why}, reconnected`));
      }
      case "notice":
        return this.#block([this.#style.dim(printable(event.message))]);
      case "stats": {
        const [head = "", ...rows] = statsTable(event.records);
        return this.#block([this.#style.bold(head), ...rows]);
      }
      case "context":
        return this.#block(contextList(event).map(printable));
      case "dropped":
        return this.#block([this.#style.dim(this.#dropped(event.connections))]);
      case "help":
        return this.#block(commandLines);
      // The summary shows them.
      case "tool":
      case "record":
      case "assistant":
    }
  };

  #opened({ version, server, model, transport }: Extract<ChatEvent, { type: "session" }>): void {
    this.#overHttp = transport === "http";
    const whom = `${model} at ${server === "openai" ? "OpenAI" : URL.parse(server)?.host}`;
    const talk =
      server === "embedded"
        ? "no OPENAI_API_KEY: talking to the embedded server (rules, no language model)"
        : `${whom} over ${this.#overHttp ? "HTTP" : "WebSocket"}`;
    const lines = [`turnwire ${version} · ${talk}`];
    if (!this.#echo) lines.push("Type while it speaks, or press Ctrl-C, to interrupt it. /help lists the commands.");
    this.#block(lines.map((line) => this.#style.dim(line)));
  }

  #said(text: string): void {
    if (this.#echo) this.#sink.line(`> ${text}`);
  }

  #dropped(connections: number): string {
    if (connections > 0) return "connection cut: the next request has to notice and recover";
    return this.#overHttp ? "over HTTP there is no connection to cut" : "no connection is open";
  }

  #block(lines: readonly string[]): void {
    for (const line of [...lines, ""]) this.#sink.line(line);
  }

  #endThought(): void {
    if (this.#thinking) this.#sink.line("");
    this.#thinking = false;
  }
}
