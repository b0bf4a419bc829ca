/** What a turn sends after the application has cut a complete reply to the part that the user heard. */
import { Caller, verdictOn } from "../support/caller.ts";
import { FarEnd } from "../support/far-end.ts";
import { newQuestion } from "../support/model.ts";
import { type Report, times } from "../support/report.ts";

const turn = 50;

export async function cutPostHoc(report: Report): Promise<void> {
  await using farEnd = await FarEnd.start({ rttMs: 0, model: { firstTokenMs: 0, tokenMs: 0 } });
  await using caller = new Caller({ baseURL: farEnd.url });
  await using twin = new Caller({ baseURL: farEnd.url });
  for (let count = 1; count < turn; count += 1) for (const each of [caller, twin]) await each.ordinary();
  const unheard = newQuestion("short");
  await caller.ask(unheard);
  const heard = { role: "assistant" as const, content: unheard.word.repeat(2) };
  caller.context.setMessages([...caller.context.messages.slice(0, -1), heard]);
  const after = await caller.ask(newQuestion("short"));
  // The same three messages as new items in a conversation that was not cut.
  twin.context.addMessages([{ role: "user", content: unheard.text }, heard]);
  const ordinary = await twin.ask(newQuestion("short"));
  const verdict = await verdictOn([caller, twin], farEnd);
  const ratio = after.record.bytesSent / ordinary.record.bytesSent;
  report.title(`A complete reply cut short afterwards, at turn ${turn} of a chat`);
  report.table(
    ["", "mode", "items", "bytes"],
    [
      ["the turn after the cut", after.record.mode, String(after.record.itemsSent), String(after.record.bytesSent)],
      [
        "a turn with equally many new items",
        ordinary.record.mode,
        String(ordinary.record.itemsSent),
        String(ordinary.record.bytesSent),
      ],
      ["the whole conversation", "full", String(after.record.itemsTotal), String(after.record.bytesFull)],
    ],
  );
  report.note(`${times(ratio)} the bytes of the new items; reason of the mode: ${after.record.reason}`);
  report.goal("bytes after a cut, against a turn with equally many new items", ratio, 1.1, "×");
  report.goal(
    "requests with another conversation than the application's",
    verdict.different + verdict.wrong + verdict.stale,
    0,
    "",
  );
  report.keep("cutPostHoc", { after: after.record, ordinary: ordinary.record, verdict });
}
