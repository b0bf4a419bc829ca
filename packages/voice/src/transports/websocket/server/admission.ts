import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { Deadline, untilAborted } from "turnwire/internal";
import type { ServerSettings } from "./server-options.ts";

/**
 * Decides whether a client may connect. A browser names its page in `Origin`: the page has to be allowed, or both the page
 * and the connection have to be local. Returns the HTTP status to refuse the client with, or undefined.
 */
export async function refusalOf(request: IncomingMessage, settings: ServerSettings): Promise<number | undefined> {
  if (!isAllowedOrigin(request, settings.allowedOrigins)) return 403;
  const { verifyClient, timeouts, clock, logger } = settings;
  if (verifyClient === undefined) return undefined;
  using limit = new Deadline("verifyClient", timeouts.verifyMs, { clock });
  try {
    const allowed = await untilAborted(Promise.resolve(verifyClient(request)), limit.signal);
    return allowed ? undefined : 403;
  } catch (error) {
    logger.warn("verifyClient failed; the client was refused", { error });
    return 503;
  }
}

function isAllowedOrigin(request: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin } = request.headers;
  if (origin === undefined || allowed.includes("*") || allowed.includes(origin.toLowerCase())) return true;
  if (!URL.canParse(origin)) return false;
  return isLoopback(new URL(origin).hostname) && isLoopback(request.socket.remoteAddress ?? "");
}

function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return name === "localhost" || name === "::1" || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(name);
}

/** Refuses an upgrade with an HTTP status. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  if (socket.destroyed || socket.writableEnded) return;
  const body = `${STATUS_CODES[status] ?? "Refused"}\n`;
  // A client that does not close its side would keep the server from closing.
  socket.once("finish", () => socket.destroy());
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}\r\nconnection: close\r\ncontent-type: text/plain\r\n`;
  socket.end(`${head}content-length: ${body.length}\r\n\r\n${body}`);
}
