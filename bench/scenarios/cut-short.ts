/** What the next turn sends when the user heard only a part of a reply that is complete at the server. */
import { noteBetter } from "../support/better.ts";
import { FarEnd } from "../support/far-end.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { newQuestion } from "../support/model.ts";
import type { PeerId } from "../support/peers.ts";
import { type Report, times, whole } from "../support/report.ts";
import { TalkWithCount } from "../support/talk.ts";

const turns = 20;
const heardWords = 20;
const model = { firstTokenMs: 0, tokenMs: 0 };

export interface CutShort {
  client: PeerId;
  ordinaryBytes: number;
  afterBytes: number;
  /** How many words of the reply the model saw in the end; `heardWords` is how many the user heard. */
  shownWords: number;
  errors: string[];
}

export async function cutShort(report: Report, quick: boolean): Promise<void> {
  await using farEnd = await FarEnd.start({ rttMs: 0, model });
  await using lab = await Lab.start(quick);
  const all = await lab.each(async (client): Promise<CutShort> => {
    await using talk = await TalkWithCount.start(client, farEnd, 0);
    const errors: string[] = [];
    let ordinaryBytes = 0;
    for (let turn = 1; turn < turns; turn += 1) {
      const { heard, bytes } = await talk.say(newQuestion(40, 120));
      if (heard.error !== undefined) errors.push(heard.error);
      ordinaryBytes = bytes;
    }
    const unheard = newQuestion(40, 120);
    await talk.say(unheard);
    await talk.conversation.heard(unheard.word.repeat(heardWords));
    const last = newQuestion(40, 120);
    const { heard, bytes } = await talk.say(last);
    if (heard.error !== undefined) errors.push(heard.error);
    const shown = (await farEnd.ask("shown")).find(({ question }) => question === last.text);
    // The question itself contains the word once.
    const shownWords = (shown?.conversation.split(unheard.word).length ?? 0) - 2;
    return { client: client.peer.id as PeerId, ordinaryBytes, afterBytes: bytes, shownWords, errors };
  });
  report.title(`A complete reply cut short afterwards, at turn ${turns} of a chat: bytes of the next turn`);
  report.table(
    ["", "an ordinary turn", "the turn after the cut", "ratio", "words of the reply shown"],
    [...all.values()].map(({ client, ordinaryBytes, afterBytes, shownWords, errors }) => [
      nameOf(client),
      whole(ordinaryBytes),
      errors.length === 0 ? whole(afterBytes) : `fails: ${errors[0]}`,
      times(afterBytes / ordinaryBytes, 2),
      String(shownWords),
    ]),
  );
  report.note(
    `the turn after the cut must also send the part of the reply that the user heard: ${heardWords} of its 40 words; the model should see no more than these`,
  );
  const right = [...all.values()].filter(({ shownWords, errors }) => shownWords === heardWords && errors.length === 0);
  const values = new Map(right.map(({ client, afterBytes }) => [client, afterBytes]));
  noteBetter(
    report,
    "bytes of the turn after the cut, among clients that show the model only what was heard",
    values,
    whole,
  );
  report.keep("cutShort", [...all.values()]);
}
