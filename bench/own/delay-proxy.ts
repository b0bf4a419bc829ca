/** How exact the simulated link is that the other figures are measured over. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { calmly, calmNote } from "../support/calm.ts";
import { FarEnd } from "../support/far-end.ts";
import { handshakeMs } from "../support/handshake.ts";
import { ms, type Report } from "../support/report.ts";
import { median, p99 } from "../support/statistics.ts";
import { monotonicMs } from "../support/time.ts";

const rttMs = 40;

export async function delayProxy(report: Report, quick: boolean): Promise<void> {
  await using farEnd = await FarEnd.start({ rttMs });
  const near = await open(farEnd.echoPorts.near);
  const far = await open(farEnd.echoPorts.far);
  await roundTrip(far);
  const handshakes: number[] = [];
  const options = { wanted: quick ? 30 : 200, limitMs: 0.2, waitMs: () => farEnd.cpuWaitMs() };
  const errors = await calmly(options, async (round) => {
    if (round % 10 === 0) handshakes.push(await handshakeMs(farEnd.url));
    const nearMs = await roundTrip(near);
    return (await roundTrip(far)) - nearMs - rttMs;
  });
  near.destroy();
  far.destroy();
  const late = await farEnd.ask("lateMs");
  report.title(`The link: a round trip of ${rttMs} ms through a delaying proxy (${errors.samples.length} round trips)`);
  report.table(
    ["", "median", "p99"],
    [
      [`round trip beyond ${rttMs} ms`, ms(median(errors.samples), 3), ms(p99(errors.samples), 3)],
      [`delay of one direction beyond ${rttMs / 2} ms`, ms(median(late), 3), ms(p99(late), 3)],
      ["WebSocket handshake (bare ws, no TLS)", ms(median(handshakes)), ms(p99(handshakes))],
    ],
  );
  report.note(calmNote(errors));
  report.wish("error of the link's round trip, median", Math.abs(median(errors.samples)), 0.5, "ms");
  report.keep("link", { rttMs, errorsMs: errors.all, handshakesMs: handshakes });
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return socket;
}

async function roundTrip(socket: Socket): Promise<number> {
  const startedAt = monotonicMs();
  socket.write("ping");
  await once(socket, "data");
  return monotonicMs() - startedAt;
}
