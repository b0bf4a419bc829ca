import fc from "fast-check";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { layOut, wrap } from "../../src/cli/chat/layout.ts";
import { Output } from "../../src/cli/shared/output.ts";
import { Screen } from "../../src/cli/chat/screen.ts";
import { colourStyle } from "../../src/cli/shared/style.ts";
import { TerminalScreen } from "./support/terminal.ts";

const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "d"), minLength: 1, maxLength: 14 });
const piece = fc.oneof(
  word,
  word.map((text) => ` ${text}`),
  fc.constantFrom("\n", "\n\n", " "),
);
const typed = fc.string({ unit: fc.constantFrom("X", "Y", "Z"), maxLength: 30 });
const step = fc.oneof(
  fc.record({ text: piece }),
  typed.chain((line) => fc.record({ line: fc.constant(line), cursor: fc.nat(line.length) })),
  fc.record({ always: fc.boolean() }),
);

function openScreen(width: number): { screen: Screen; terminal: TerminalScreen } {
  const terminal = new TerminalScreen(width);
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      terminal.feed(String(chunk));
      done();
    },
  });
  const screen = new Screen(new Output(Object.assign(stream, { isTTY: true, columns: width })), colourStyle);
  return { screen, terminal };
}

describe("the screen", () => {
  it("never mixes the text with the line that is typed, wherever the two break", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 20 }), fc.array(step, { maxLength: 30 }), (width, steps) => {
        const { screen, terminal } = openScreen(width);
        const edited = { line: "", cursor: 0 };
        screen.attach(edited);
        let text = "";
        let always = false;
        for (const each of steps) {
          if ("text" in each) screen.write(each.text);
          else if ("line" in each) Object.assign(edited, each);
          else screen.promptAlways = each.always;
          screen.refresh();
          if ("text" in each) text += each.text;
          if ("always" in each) always = each.always;
          const shown = terminal.rows.join("");
          const letters = text.replaceAll(/\s/g, "");
          const prompt = always || edited.line !== "" ? `›${edited.line}` : "";
          expect(shown.replaceAll(/\s/g, "")).toBe(letters + prompt);
        }
      }),
    );
  });

  it("leaves on the screen what would be there had nobody typed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 20 }), fc.array(step, { maxLength: 30 }), (width, steps) => {
        const [disturbed, calm] = [openScreen(width), openScreen(width)];
        const edited = { line: "", cursor: 0 };
        disturbed.screen.attach(edited);
        for (const each of steps) {
          if ("line" in each) Object.assign(edited, each);
          if ("text" in each) calm.screen.write(each.text);
          if ("text" in each) disturbed.screen.write(each.text);
          disturbed.screen.refresh();
        }
        Object.assign(edited, { line: "", cursor: 0 });
        disturbed.screen.line("");
        calm.screen.line("");
        expect(disturbed.terminal.rows).toEqual(calm.terminal.rows);
      }),
    );
  });

  it("puts the cursor where the next character is typed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 20 }), typed, fc.nat(), (width, line, at) => {
        const { screen, terminal } = openScreen(width);
        const cursor = at % (line.length + 1);
        screen.attach({ line, cursor });
        screen.promptAlways = true;
        const cells = "› ".length + cursor;
        expect(terminal.cursor).toEqual({ row: Math.floor(cells / width), column: cells % width });
      }),
    );
  });
});

describe("the layout", () => {
  it("breaks lines between words, and changes nothing else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 15, max: 40 }), fc.array(piece), (width, pieces) => {
        const text = pieces.join("");
        fc.pre((text.match(/\S+/g) ?? []).every((each) => each.length <= width));
        const wrapped = wrap(text, 0, width);
        expect(wrapped.split(/\s+/)).toEqual(text.split(/\s+/));
        for (const row of wrapped.split("\n")) {
          if (!row.startsWith(" ")) expect(row.trimEnd().length).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  it.each([
    ["plain", 5],
    ["\u001b[2mdim\u001b[22m", 3],
    ["你好", 4],
    ["é", 1],
    ["e\u0301", 1],
    ["👍🏽", 2],
    ["🇩🇪", 2],
    ["❤️", 2],
  ])("knows how wide %j is", (text, columns) => {
    expect(layOut(text, { row: 0, column: 0 }, 80)).toEqual({ row: 0, column: columns });
  });
});
