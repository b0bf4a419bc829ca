import {
  type Frame,
  InvalidArgumentError,
  LLMContext,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
} from "turnwire";
import { type Inference, LLMService } from "turnwire/provider";
import { contextOf } from "@turnwire/test-kit";
import { describe, expect, it } from "vitest";

/** A service whose inference does what JavaScript may do. */
class OwnLLM extends LLMService {
  readonly #infer: (inference: Inference) => unknown;

  constructor(infer: (inference: Inference) => unknown) {
    super();
    this.#infer = infer;
  }

  protected override get model(): string {
    return "own";
  }

  protected override async inference(_: LLMContext, inference: Inference): Promise<never> {
    return (await this.#infer(inference)) as never;
  }

  override updateSettings(): void {}

  override async runInference(): Promise<string> {
    return "";
  }
}

const call = { functionName: "look", toolCallId: "c", arguments: "{}" };

describe("an unusable result of an own inference fails the turn, which ends as every turn does", () => {
  it.each<[what: string, result: unknown, field: string]>([
    ["nothing", undefined, "result"],
    ["text", "Hi.", "result"],
    ["no calls", {}, "result.functionCalls"],
    ["one call for several", { functionCalls: call }, "result.functionCalls"],
    ["a call as text", { functionCalls: ["look"] }, "result.functionCalls[0]"],
    [
      "a call of another shape",
      { functionCalls: [{ name: "x", arguments: {} }] },
      "result.functionCalls[0].functionName",
    ],
    ["no id", { functionCalls: [{ ...call, toolCallId: undefined }] }, "result.functionCalls[0].toolCallId"],
    [
      "arguments as an object",
      { functionCalls: [call, { ...call, arguments: {} }] },
      "result.functionCalls[1].arguments",
    ],
    ["a reason that is none", { functionCalls: [], incompleteReason: 1 }, "result.incompleteReason"],
  ])("%s", async (_what, result, field) => {
    const llm = new OwnLLM((inference) => {
      void inference.emit(new LLMTextFrame("Hi."));
      return result;
    });
    for (const method of ["respond", "stream"] as const) {
      const turn = llm[method](contextOf("a"));
      const { frames, error } = await read(turn);
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect(error).toMatchObject({ field });
      expect(frames.filter((frame) => frame instanceof LLMFullResponseStartFrame)).toHaveLength(1);
      expect(frames.filter((frame) => frame instanceof LLMFullResponseEndFrame)).toHaveLength(1);
      expect(await turn.record).toMatchObject({
        text: "Hi.",
        error: { field },
        inferences: [{ error: "invalid_argument" }],
      });
      await expect(llm[method](contextOf("a")).record).rejects.toMatchObject({ field });
    }
  });
});

it("emit() refuses what is no frame", async () => {
  const llm = new OwnLLM((inference) => inference.emit("Hi." as never));
  const turn = llm.respond(contextOf("a"));
  await expect(turn.record).rejects.toMatchObject({ field: "frame", message: "frame: expected a Frame, got a string" });
});

describe("a turn whose context throws ends with that error", () => {
  class Broken extends LLMContext {
    override addMessages(): void {
      throw new Error("no room");
    }
  }
  const answer = (inference: Inference): unknown => {
    void inference.emit(new LLMTextFrame("Hi."));
    return { functionCalls: [] };
  };

  it("for a loop", async () => {
    const turn = new OwnLLM(answer).respond(new Broken());
    const { error } = await read(turn);
    expect(error).toMatchObject({ message: "no room" });
    expect(await turn.record).toMatchObject({ text: "Hi.", error: { cause: { message: "no room" } } });
  });

  it("for its record alone", async () => {
    await expect(new OwnLLM(answer).respond(new Broken()).record).rejects.toMatchObject({ message: "no room" });
  });

  it("when its loop is left", async () => {
    const turn = new OwnLLM(answer).respond(new Broken());
    for await (const _ of turn.text) break;
    expect(await turn.record).toMatchObject({
      text: "Hi.",
      interrupted: true,
      error: { cause: { message: "no room" } },
    });
  });
});

async function read(turn: AsyncIterable<Frame>): Promise<{ frames: Frame[]; error: unknown }> {
  const frames: Frame[] = [];
  try {
    for await (const frame of turn) frames.push(frame);
  } catch (error) {
    return { frames, error };
  }
  return { frames, error: undefined };
}
