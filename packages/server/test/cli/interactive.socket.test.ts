import { afterEach, describe, expect, it, vi } from "vitest";
import { type Backend, openBackend } from "../../src/cli/chat/backend.ts";
import { ChatSession } from "../../src/cli/chat/chat-session.ts";
import { InteractiveSession } from "../../src/cli/chat/interactive-session.ts";
import { Output } from "../../src/cli/shared/output.ts";
import { Screen } from "../../src/cli/chat/screen.ts";
import { colourStyle } from "../../src/cli/shared/style.ts";
import { TextView } from "../../src/cli/chat/text-view.ts";
import { backspace, ctrlC, ctrlD, enter, Terminal } from "./support/terminal.ts";

const unset = { apiKey: undefined, baseURL: undefined, model: undefined, system: undefined };
const options = { ...unset, http: false, json: false, help: false, version: false };
const logger = { debug: () => undefined, warn: () => undefined };

class Session {
  readonly terminal = new Terminal();
  readonly hangUp = new AbortController();
  readonly conversation: ChatSession;
  left = false;
  readonly ended: Promise<void>;
  readonly backend: Backend;

  constructor(backend: Backend) {
    this.backend = backend;
    const screen = new Screen(new Output(this.terminal.output), colourStyle);
    this.conversation = new ChatSession(backend, new TextView(screen, { style: colourStyle, echo: false }).show);
    this.ended = new InteractiveSession(this.conversation, screen, this.terminal.input).run(this.hangUp.signal);
    void this.ended.then(() => (this.left = true));
  }

  async shows(text: string | RegExp): Promise<void> {
    await vi.waitFor(() => expect(this.terminal.text).toMatch(text), { timeout: 10_000, interval: 5 });
  }

  /** The replies in the context. */
  get replies(): unknown[] {
    return this.conversation.context.messages.flatMap((message) =>
      "role" in message && message.role === "assistant" ? [message.content] : [],
    );
  }
}

let session: Session | undefined;

async function sit(): Promise<Session> {
  const backend = await openBackend({ options, natural: true, logger });
  return (session = new Session(backend));
}

afterEach(async () => {
  session?.terminal.type(ctrlC + ctrlD);
  session?.hangUp.abort();
  await session?.ended;
  await session?.backend[Symbol.asyncDispose]();
  session = undefined;
});

describe("a conversation at a terminal", () => {
  it("shows a prompt, streams the reply, says how it went, and shows the prompt again", async () => {
    const person = await sit();
    await person.shows(/^›$/);
    person.terminal.type(`count to 60${enter}`);
    await person.shows(/^› count to 60\n1, 2, 3,/);
    expect(person.terminal.text).not.toContain("60.");
    await person.shows(/59, 60\.\nfull \(the first request of the connection\) · \d+ bytes · first text \d+ ms\n\n›$/);
  });

  it("interrupts a reply with the line typed during it, keeps what was shown, and says the line next", async () => {
    const person = await sit();
    person.terminal.type(`count to 300${enter}`);
    await person.shows(/, 9, 10,/);
    person.terminal.type("My name is");
    await person.shows(/\n› My name is$/);
    const shownBefore = person.terminal.text;
    await person.shows(/, 19, 20,[^›]*\n› My name is$/);
    expect(person.terminal.text.length).toBeGreaterThan(shownBefore.length);
    person.terminal.type(` Ada.${enter}`);
    await person.shows(/› My name is Ada\.\ninterrupted · full .*\n\nNice to meet you, Ada\.\n.*\n\n›$/);
    const [counted] = /1, 2, [^›]*(?=\n›)/.exec(person.terminal.text) ?? [];
    expect(counted).not.toContain("299");
    expect(person.replies).toEqual([counted?.replaceAll("\n", " "), "Nice to meet you, Ada."]);
  });

  it("goes on where it was when what was typed is taken back, and takes an empty line for nothing", async () => {
    const person = await sit();
    person.terminal.type(`count to 40${enter}`);
    await person.shows(/ 5,/);
    person.terminal.type(`no${backspace}${backspace}${enter}`);
    await person.shows(/ 40\.\nfull/);
    const numbers = Array.from({ length: 40 }, (_, index) => index + 1).join(", ");
    expect(person.terminal.text.replaceAll(/\s+/g, " ")).toContain(`› count to 40 ${numbers}. full`);
    expect(person.replies).toEqual([`${numbers}.`]);
  });

  it("interrupts at Ctrl-C during a reply, and leaves at Ctrl-C at the prompt", async () => {
    const person = await sit();
    person.terminal.type(`count to 300${enter}`);
    await person.shows(/ 5,/);
    person.terminal.type(ctrlC);
    await person.shows(/\ninterrupted · .*\n\n›$/);
    expect(person.left).toBe(false);
    person.terminal.type(ctrlC);
    await person.ended;
    expect(person.terminal.text).toMatch(/interrupted · .*\n\n$/);
  });

  it.each([
    ["Ctrl-D", ctrlD],
    ["/quit", `/quit${enter}`],
  ])("leaves at %s, also in the middle of a reply", async (_, keys) => {
    const person = await sit();
    person.terminal.type(`count to 300${enter}`);
    await person.shows(/ 5,/);
    person.terminal.type(keys);
    await person.ended;
    expect(person.terminal.text).toContain("interrupted · ");
  });

  it("leaves when the terminal is gone", async () => {
    const person = await sit();
    await person.shows(/^›$/);
    person.hangUp.abort();
    await person.ended;
  });

  it("runs commands during a reply without interrupting it", async () => {
    const person = await sit();
    person.terminal.type(`count to 30${enter}`);
    await person.shows(/ 5,/);
    person.terminal.type(`/context${enter}`);
    await person.shows(/› \/context\nuser +count to 30\n/);
    await person.shows(/ 30\.\nfull/);
    expect(person.replies[0]).toMatch(/^1, 2, .* 29, 30\.$/);
  });

  it("recovers from /drop at the prompt, and says what was lost when it comes in a reply", async () => {
    const person = await sit();
    person.terminal.type(`I live in Hull.${enter}`);
    await person.shows(/Hull\.\nfull .*\n\n›$/);
    person.terminal.type(`/drop${enter}`);
    await person.shows(/connection cut/);
    person.terminal.type(`count to 300${enter}`);
    await person.shows(/connection lost, reconnected\n1, 2, 3,/);
    person.terminal.type(`/drop${enter}`);
    await person.shows(/the response was lost after \d+ characters[\s\S]*\n\n›$/);
    person.terminal.type(`Where do I live?${enter}`);
    await person.shows(/You live in Hull/);
  });

  it("says lines pasted at the prompt one after the other", async () => {
    const person = await sit();
    person.terminal.type(`What is 2 + 3?${enter}What is 4 * 5?${enter}`);
    await person.shows(/2 \+ 3 is 5\.[\s\S]*4 \* 5 is 20\./);
    expect(person.terminal.text).not.toContain("interrupted");
  });
});
