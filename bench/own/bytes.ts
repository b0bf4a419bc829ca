/** How many bytes a turn sends as the conversation grows. */
import { LLMContext, OpenAIResponsesLLMService, type InferenceRecord } from "turnwire";
import { ResponsesServer } from "@turnwire/server";
import type { Report } from "../support/report.ts";

const turns = 100;

export async function bytesPerTurn(report: Report): Promise<void> {
  const answer = "An answer that is always of the same length.";
  await using server = await ResponsesServer.start({
    brain: function* () {
      yield { type: "text", delta: answer };
    },
  });
  await using llm = new OpenAIResponsesLLMService({ apiKey: "none", baseURL: server.url });
  const records: InferenceRecord[] = [];
  llm.on("inference", (record) => void records.push(record));
  const context = new LLMContext();
  for (let turn = 0; turn < turns; turn += 1) {
    context.addMessage({ role: "user", content: "A question that is always of the same length?" });
    for await (const _frame of llm.respond(context));
  }
  report.title("Bytes sent per turn of a chat with equally long turns");
  report.table(
    ["turn", "bytes", "whole conversation", "mode"],
    [1, 2, 10, 50, 100].map((turn) => {
      const { bytesSent, bytesFull, mode } = records[turn - 1]!;
      return [String(turn), String(bytesSent), String(bytesFull), mode];
    }),
  );
  const [second, last] = [records[1]!.bytesSent, records[turns - 1]!.bytesSent];
  report.goal("difference between the bytes of turn 100 and turn 2", 100 * Math.abs(last / second - 1), 5, "%");
  report.keep("bytes", { sentByTurn: records.map(({ bytesSent }) => bytesSent) });
}
