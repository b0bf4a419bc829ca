/** The same chat with a server of other authors, so that the comparison does not rest on turnwire's server alone. */
import { noteBetter } from "../support/better.ts";
import { Aimock } from "../support/aimock.ts";
import { firstTextMs } from "../support/heard.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { newQuestion } from "../support/model.ts";
import { floor, type PeerId, versionOf } from "../support/peers.ts";
import { ms, type Report, times } from "../support/report.ts";
import { median, quantile } from "../support/statistics.ts";

const words = 40;
const turns = 50;
const rttMs = 40;

interface OtherServer {
  client: PeerId;
  firstTextMs: number[];
  errors: string[];
}

export async function otherServer(report: Report, quick: boolean): Promise<void> {
  await using server = await Aimock.start(words);
  await using lab = await Lab.start(quick);
  const talks = await lab.each(async (client) => await client.open(await server.link(rttMs)));
  const results = await lab.each(async ({ peer }): Promise<OtherServer> => ({
    client: peer.id as PeerId,
    firstTextMs: [],
    errors: [],
  }));
  await lab.turns(quick ? 10 : turns, async ({ peer }) => {
    const id = peer.id as PeerId;
    if (results.get(id)!.errors.length > 0) return;
    const heard = await talks.get(id)!.say(newQuestion(words), 3000);
    if (heard.error === undefined && heard.firstTextAt > 0) results.get(id)!.firstTextMs.push(firstTextMs(heard));
    else results.get(id)!.errors.push(heard.error ?? "no text came");
  });
  await lab.each(async ({ peer }) => await talks.get(peer.id as PeerId)![Symbol.asyncDispose]());
  const all = [...results.values()];
  const base = median(results.get(floor)!.firstTextMs.slice(1));
  report.title(
    `A chat with \`@copilotkit/aimock\` ${versionOf("@copilotkit/aimock")} as the server, ${rttMs} ms round trip`,
  );
  report.table(
    ["", "turns", "to first text", "p90", "against the raw loop"],
    all.map(({ client, firstTextMs: all, errors }) =>
      all.length < 2
        ? [nameOf(client), "0", `fails: ${errors[0]?.slice(0, 120)}`]
        : [
            nameOf(client),
            String(all.length),
            ms(median(all.slice(1))),
            ms(quantile(all.slice(1), 0.9)),
            times(median(all.slice(1)) / base),
          ],
    ),
  );
  report.note(
    "the server always gives the same answer at once, keeps no conversation and has no lanes; a client that fails is not measured further",
  );
  for (const { client, firstTextMs: all, errors } of results.values()) {
    if (errors.length > 0 && all.length > 1)
      report.note(`${nameOf(client)}: ${errors.length} turns failed: ${errors[0]}`);
  }
  noteBetter(
    report,
    "time to first text",
    new Map(
      all
        .filter(({ firstTextMs: some }) => some.length > 1)
        .map(({ client, firstTextMs: some }) => [client, median(some.slice(1))]),
    ),
    (value) => ms(value),
  );
  report.keep("otherServer", all);
}
