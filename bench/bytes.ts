/** What a turn sends, by how far the conversation has come. */
import { LLMContext, OpenAIResponsesLLMService, type TurnRecord } from "../src/index.ts";
import { ResponsesServer } from "../src/server/index.ts";

const turns = 100;

export async function bytesPerTurn(): Promise<void> {
  const answer = "An answer that is always of the same length.";
  await using server = await ResponsesServer.start({
    brain: function* () {
      yield { type: "text", delta: answer };
    },
  });
  await using llm = new OpenAIResponsesLLMService({ apiKey: "none", baseURL: server.url });
  const records: TurnRecord[] = [];
  llm.on("turn", (record) => void records.push(record));
  const context = new LLMContext();
  for (let turn = 0; turn < turns; turn += 1) {
    context.addMessage({ role: "user", content: "A question that is always of the same length?" });
    for await (const _frame of llm.respond(context));
  }
  console.log("Bytes sent per turn of a chat with equally long turns:");
  for (const turn of [1, 2, 10, 50, 100]) {
    const { bytesSent, bytesFull, mode } = records[turn - 1]!;
    console.log(
      `  turn ${String(turn).padStart(3)}  ${String(bytesSent).padStart(5)} bytes, ${mode}; everything would be ${bytesFull}`,
    );
  }
  const [second, last] = [records[1]!.bytesSent, records[turns - 1]!.bytesSent];
  const grown = Math.abs(last / second - 1);
  console.log(
    `  turn 100 against turn 2: ${(100 * grown).toFixed(1)} % apart${grown <= 0.05 ? "" : ", ABOVE the limit of 5 %"}`,
  );
  if (grown > 0.05) process.exitCode = 1;
}
