import { checkFields, type Checks, checkValue, InvalidArgumentError, is, isRecord, kindOf } from "turnwire/internal";
import type { BrainOutput, BrainUsage } from "../brain.ts";

type Pieces = { readonly [Type in BrainOutput["type"]]: Checks<Omit<Extract<BrainOutput, { type: Type }>, "type">> };

const tokens = is.number({ min: 0 });

const pieces: Pieces = {
  text: { delta: is.required(is.string) },
  refusal: { delta: is.required(is.string) },
  reasoning: { summary: is.string, encryptedContent: is.string },
  function_call: { name: is.required(is.string), arguments: is.required(is.string), callId: is.string },
  usage: {
    inputTokens: is.required(tokens),
    outputTokens: is.required(tokens),
    cachedTokens: tokens,
    reasoningTokens: tokens,
  } satisfies Checks<Omit<BrainUsage, "type">>,
  incomplete: { reason: is.required(is.string) },
};

/** Shows what a brain yields. */
const example = '{ type: "text", delta: "Hello." }';

/**
 * Returns the iterator of what a brain has returned.
 * @throws InvalidArgumentError if that cannot be iterated, or is a text.
 */
export function iteratorOf(outputs: unknown): AsyncIterator<BrainOutput> | Iterator<BrainOutput> {
  if (typeof outputs === "object" && outputs !== null) {
    const { [Symbol.asyncIterator]: asyncIterator, [Symbol.iterator]: iterator } = outputs as Partial<
      AsyncIterable<BrainOutput> & Iterable<BrainOutput>
    >;
    if (asyncIterator !== undefined) return asyncIterator.call(outputs);
    if (iterator !== undefined) return iterator.call(outputs);
  }
  const isPromise = outputs instanceof Promise;
  // Nobody else waits for it.
  if (isPromise) outputs.catch(() => undefined);
  const generator = `${isPromise ? "async function*" : "function*"} () { yield ${example}; }`;
  throw new InvalidArgumentError(
    "brain",
    `expected to return pieces, got ${kindOf(outputs)}; write it as ${generator}`,
  );
}

/** @throws InvalidArgumentError if it is no piece of output. It names the field. */
export function checkOutput(output: unknown): asserts output is BrainOutput {
  if (!isRecord(output)) {
    throw new InvalidArgumentError("brain", `expected pieces such as ${example}, got ${kindOf(output)}`);
  }
  const { type } = output;
  checkValue(type, "brain: type", is.oneOf(Object.keys(pieces)));
  const table: Readonly<Record<string, Checks>> = pieces;
  const piece = table[String(type)]!;
  if (typeof output["text"] === "string" && "delta" in piece && output["delta"] === undefined) {
    throw new InvalidArgumentError("brain: text", `unknown field of a piece; it is called \`delta\`: ${example}`);
  }
  checkFields(output, piece, "brain: ");
}
