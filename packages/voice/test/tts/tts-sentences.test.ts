import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SentenceAggregator, withoutMarkdown } from "../../src/tts/index.ts";

/** The pieces of a text that comes character by character. */
function pieces(text: string, options: ConstructorParameters<typeof SentenceAggregator>[0] = {}): string[] {
  const aggregator = new SentenceAggregator(options);
  const cut = Array.from(text).flatMap((character) => aggregator.add(character));
  return [...cut, aggregator.flush()].filter((piece) => piece !== "");
}

describe("SentenceAggregator", () => {
  it.each<[what: string, text: string, expected: string[]]>([
    ["sentences", "Hi there. How are you? Fine!", ["Hi there. ", "How are you? ", "Fine!"]],
    ["a decimal number", "It is 3.14 metres. Wide.", ["It is 3.14 metres. ", "Wide."]],
    ["an abbreviation before a small letter", "Fruit, e.g. apples. Or pears.", ["Fruit, e.g. apples. ", "Or pears."]],
    ["a title before a name", "Ask Dr. Smith. He knows.", ["Ask Dr. Smith. ", "He knows."]],
    ["an address", "See https://a.example/?Query=1. Thanks.", ["See https://a.example/?Query=1. ", "Thanks."]],
    ["a quotation", 'She said "Go." Then she left.', ['She said "Go." ', "Then she left."]],
    ["a numbered list", "1. Open it.\n2. Close it.", ["1. Open it.\n", "2. Close it."]],
    ["lines", "One\n\nTwo\r\nThree", ["One\n\n", "Two\r\n", "Three"]],
    ["no space between sentences", "你好。今天好吗？是的。", ["你好。", "今天好吗？", "是的。"]],
    ["a small letter after a number", "I have 2. 3 of them are red. Yes.", ["I have 2. 3 of them are red. ", "Yes."]],
    ["white space only", " \n ", [" \n "]],
    ["no words", "*** 🙂 ***", ["*** 🙂 ***"]],
  ])("cuts %s", (_what, text, expected) => {
    expect(pieces(text)).toEqual(expected);
  });

  it("gives the first sentence out as soon as the next one has begun", () => {
    const aggregator = new SentenceAggregator();
    expect(aggregator.add("Sure. ")).toEqual([]);
    expect(aggregator.add("I")).toEqual(["Sure. "]);
  });

  it("lets short sentences wait for the next, but not the first", () => {
    const text = "Yes. No. So it is. Or is it? Who knows.";
    expect(pieces(text, { minCharacters: 12 })).toEqual(["Yes. ", "No. So it is. ", "Or is it? Who knows."]);
  });

  it("cuts a sentence that does not end between words", () => {
    expect(pieces("one two three four five", { maxCharacters: 9 })).toEqual(["one two ", "three ", "four five"]);
    expect(pieces("ab🙂🙂🙂", { maxCharacters: 3 }).join("")).toBe("ab🙂🙂🙂");
    expect(pieces("ab🙂🙂🙂", { maxCharacters: 3 }).every((piece) => piece.isWellFormed())).toBe(true);
  });

  it("starts anew after a reset", () => {
    const aggregator = new SentenceAggregator();
    aggregator.add("Dropped");
    aggregator.reset();
    expect(aggregator.flush()).toBe("");
  });

  const numRuns = Number(process.env["TURNWIRE_RUNS"] ?? 200);
  const token = fc.constantFrom(
    "Hi",
    "a",
    "B",
    ".",
    "!",
    "?",
    " ",
    "\n",
    "3",
    "。",
    "好",
    '"',
    ")",
    "🙂",
    "Dr",
    "…",
    ",",
    "e.g.",
  );

  it("gives out exactly the text, however it comes", () => {
    const text = fc.array(token, { maxLength: 40 });
    fc.assert(
      fc.property(
        text,
        fc.nat({ max: 20 }),
        fc.integer({ min: 2, max: 60 }),
        (tokens, minCharacters, maxCharacters) => {
          const aggregator = new SentenceAggregator({ minCharacters, maxCharacters });
          const out = [...tokens.flatMap((one) => aggregator.add(one)), aggregator.flush()];
          expect(out.join("")).toBe(tokens.join(""));
        },
      ),
      { numRuns },
    );
  });

  it("cuts at the same places, however the text comes", () => {
    const text = fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (whole, lengths) => {
        const aggregator = new SentenceAggregator();
        const out: string[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const length = lengths[turn % lengths.length] ?? 1;
          out.push(...aggregator.add(whole.slice(at, at + length)));
          at += length;
        }
        expect([...out, aggregator.flush()].filter((piece) => piece !== "")).toEqual(pieces(whole));
      }),
      { numRuns },
    );
  });
});

describe("withoutMarkdown", () => {
  it.each([
    ["**Bold** and *thin*, _low_ and `code`.", "Bold and thin, low and code."],
    ["# Title\n- one\n- two", "Title\none\ntwo"],
    ["See [the guide](https://a.example/x) now.", "See the guide now."],
    ["snake_case_name stays, 2 * 3 too.", "snake_case_name stays, 2 * 3 too."],
    ["Fine 🙂👍🏽!", "Fine !"],
    ["```ts\nlet a;\n```", "\nlet a;\n"],
  ])("makes %j plain", (text, plain) => {
    expect(withoutMarkdown(text)).toBe(plain);
  });
});
