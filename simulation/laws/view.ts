import type { LLMMessage } from "turnwire";

type Fields = Readonly<Record<string, unknown>>;

const mark = "\n§";

/** The output that the client sends for a call that has none in the conversation. */
const missingOutput = JSON.stringify({ status: "unknown", reason: "The function gave no output." });

/**
 * A conversation reduced to the text that a model reads, so that two conversations can be compared as strings. Consecutive
 * texts of the assistant become one, because a model does not see where one message ended and the next began. Reasoning without
 * encrypted content is left out, because only the connection that produced it can read it.
 */
export class View {
  static readonly empty: View = new View("", false);
  readonly text: string;
  readonly #endsSaid: boolean;

  private constructor(text: string, endsSaid: boolean) {
    this.text = text;
    this.#endsSaid = endsSaid;
  }

  /** Returns the view followed by the items of a request's input or of a response's output. */
  withItems(items: readonly unknown[]): View {
    return items.reduce<View>((view, item) => view.#withItem(item as Fields), this);
  }

  with(part: string): View {
    return new View(this.text + mark + part, false);
  }

  withSaid(text: string): View {
    if (text === "") return this;
    return new View(this.text + (this.#endsSaid ? text : `${mark}assistant ${text}`), true);
  }

  #withItem(item: Fields): View {
    switch (item["type"]) {
      case "reasoning":
        return typeof item["encrypted_content"] === "string"
          ? this.with(`reasoning ${item["encrypted_content"]}`)
          : this;
      case "function_call":
        return this.with(callPart(item["call_id"], item["name"], item["arguments"]));
      case "function_call_output":
        return this.with(outputPart(item["call_id"], item["output"]));
      default:
        if (item["role"] === "assistant") return this.withSaid(textOf(item["content"]));
        return this.with(`${String(item["role"])} ${textOf(item["content"])}`);
    }
  }
}

const lateResult = /\n§developer The function \S+ \(call \S+\) has finished:[^§\n]*/g;

/**
 * Returns the view without the results of functions that kept running after an interruption, because they may arrive at any
 * time.
 */
export function withoutLateResults({ text }: View): string {
  return text.includes("has finished:") ? text.replaceAll(lateResult, "") : text;
}

const resumption = /^(?:\n§assistant )?([^§\n]*)\n§developer Your last reply broke off[^§\n]*$/;

/** Returns the text that was delivered before, if `view` asks for the rest of an answer to `held`; otherwise undefined. */
export function resumedText(view: View, held: View): string | undefined {
  return view.text.startsWith(held.text) ? resumption.exec(view.text.slice(held.text.length))?.[1] : undefined;
}

/**
 * Works out from an application's messages alone what the model must see, with the documented repairs: a call without an output
 * gets one that says so; an output without a call is left out, and so is reasoning without the item it belongs to.
 */
export function heldView(messages: readonly LLMMessage[]): View {
  const held = new Held();
  for (const message of messages) held.add(message);
  return held.finish();
}

class Held {
  #view = View.empty;
  #thoughts: string[] = [];
  #open: string[] = [];

  add(message: LLMMessage): void {
    if ("llm" in message) {
      const encrypted = (message.message as Fields)["encrypted_content"];
      if (typeof encrypted === "string") this.#thoughts.push(encrypted);
    } else if (message.role === "tool") {
      if (!this.#open.includes(message.tool_call_id)) return;
      this.#open = this.#open.filter((callId) => callId !== message.tool_call_id);
      this.#view = this.#view.with(outputPart(message.tool_call_id, message.content));
    } else if (message.role === "assistant") {
      this.#addAssistant(textOf(message.content), message.tool_calls ?? []);
    } else {
      this.#closeCalls();
      this.#thoughts = [];
      this.#view = this.#view.with(`${message.role} ${textOf(message.content)}`);
    }
  }

  finish(): View {
    this.#closeCalls();
    return this.#view;
  }

  #addAssistant(
    text: string,
    calls: ReadonlyArray<{ id: string; function?: { name: string; arguments: string } }>,
  ): void {
    if (text !== "") {
      this.#closeCalls();
      this.#takeThoughts();
      this.#view = this.#view.withSaid(text);
    }
    for (const call of calls) {
      this.#takeThoughts();
      this.#view = this.#view.with(callPart(call.id, call.function?.name, call.function?.arguments));
      this.#open.push(call.id);
    }
  }

  #takeThoughts(): void {
    for (const thought of this.#thoughts) this.#view = this.#view.with(`reasoning ${thought}`);
    this.#thoughts = [];
  }

  #closeCalls(): void {
    for (const callId of this.#open) this.#view = this.#view.with(outputPart(callId, missingOutput));
    this.#open = [];
  }
}

function callPart(callId: unknown, name: unknown, args: unknown): string {
  return `call ${String(callId)} ${String(name)} ${String(args)}`;
}

function outputPart(callId: unknown, output: unknown): string {
  return `output ${String(callId)} ${textOf(output)}`;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return (content as Array<{ text?: string; refusal?: string }>)
    .map((part) => part.text ?? part.refusal ?? "")
    .join("");
}
