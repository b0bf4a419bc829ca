/** What the document says around the figures. */
export const intro = `\`npm run bench -- --write\` measures every figure and writes this document. \`npm run bench\` only measures; \`--quick\` takes minutes,
\`--only a,b\` measures single figures, \`--json FILE\` writes the measurements, and \`--check\` fails if a ratio to the floor or the
ideal, or a count, misses its goal. \`npm run bench -- --profile\` shows where the client spends its time. \`bench/package.json\` lists
the other clients, with a lockfile of its own, so that \`npm install\` of turnwire does not install them.

**The comparison.** Each client runs in a process of its own and is used through its public interface. The server is
turnwire's [embedded server](server.md) in another process, with a model that answers at exact times. A proxy in between adds
half the round trip in each direction. Unless stated otherwise, the link has no limit of bandwidth and no slow start of TCP, which
favours clients that send much. Connecting takes one round trip and the upgrade another; there is no TLS. Clients that are compared
take turns within the same run. Figures are medians unless stated otherwise.

**The floor** is a raw \`ws\` loop. It does what every client must do: it parses each event's JSON, gathers the text, notices the
last event, and continues the previous response. It checks nothing and recovers from nothing.`;

/** Facts about the measured versions that the figures do not show. */
export const noticed = `Facts about these versions that help to read the tables:

- \`@livekit/agents\`: the next turn sends the previous reply again, although the server has it, and sends a tool's call again as
  well, so the model sees both twice (*items shown*). If a complete reply is cut short afterwards, the server keeps it whole.
  After an interruption the abandoned response continues. When it completes, later turns may continue it, with all the words
  that the user did not hear (*unheard words shown*). Its LLM has no tool loop, because the session has one; here the benchmark
  runs the calls. It drops an event that its schema does not know without a message: if the usage of a \`response.completed\` lacks
  \`input_tokens_details\`, as aimock's does, the turn never ends.
- \`@openai/agents\`: an interruption closes the connection, and the next turn connects again.
- \`ai\`: with \`store: true\`, its default, it refers to earlier items by ids that the embedded server does not know; therefore
  \`store: false\`. It is the only HTTP client that retries when the stream is lost before the first token, after two seconds.
- \`fetch\` of Node, which all HTTP clients use: an aborted request loses its connection, and the second request after it needs
  another new one.
- A conversation that the provider stores (\`store: true\`) can be continued from any response and over any transport. turnwire
  does not store it: \`store: false\`.`;

export const summaryText = `Each figure is that of a client divided by that of turnwire's WebSocket service: above 1, the client takes longer or needs more.
Figures are medians unless stated otherwise, with a round trip of 40 ms, or over loopback for figures of the process alone. The
chapters below have the figures themselves and what each client gives up for them. With \`standby: true\` an interruption without
lanes costs less.`;

interface Chapter {
  title: string;
  text: string;
}

/** The chapters by the name of their figure. */
export const scenarios: Record<string, Chapter> = {
  chat: {
    title: "A chat",
    text: "A chat of fifty turns. A client that sends the whole conversation sends more with every turn; a client that continues the previous response sends only new items.",
  },
  "long-chat": {
    title: "A long chat over a link with limited bandwidth",
    text: "The same proxy with a limited upload bandwidth and with TCP's congestion window: ten segments at first, doubled with each round trip, and ten again after a silence. A request that is larger than the window takes more round trips.",
  },
  "other-server": { title: "The chat with another server", text: "" },
  "tool-loop": {
    title: "A tool loop",
    text: "The model calls a function 25 times, one call after the other. Once a connection is open, a call costs a round trip and the model's time, whatever the transport; a client can only save on connecting, sending and reading. Over a link without limits sending is free: even the raw loop is hardly faster than the HTTP clients there, so no client can be 1.5 × faster, which was the goal. Over a link with limited bandwidth sending takes time; the last table shows at which bandwidth it matters. The longer the model takes, the smaller every ratio.",
  },
  "interruption-peers": {
    title: "An interruption",
    text: "The user interrupts after ten words of an answer of 300, and the next turn begins at once. turnwire uses another lane, or a second connection, which `standby: true` keeps open. `@livekit/agents` lets the abandoned response run and opens a second connection. Over HTTP an interruption closes the request's connection; a new one costs one round trip, while a new WebSocket costs two. `openai`'s ResponsesWS and the raw loop close the socket, because they would mistake the rest of the answer for the next one.",
  },
  "cut-short": {
    title: "A complete reply cut short afterwards",
    text: "The usual case in voice: the server has completed the text, and the user interrupts while the speech is still playing.",
  },
  recovery: { title: "A lost connection", text: "" },
  "first-turn": { title: "The first turn", text: "" },
  "client-cost": { title: "What an event costs", text: "" },
  profile: {
    title: "Where turnwire spends its time",
    text: "Most of an event's time goes into reading it: `JSON.parse`, the socket, UTF-8. Most of a turn's time goes into the system call that sends the request, and then into reading. turnwire avoids what would cost it most: per event, waiting for an event that has already arrived and a generator around each frame; per turn, an unused error and abort, and a listener on the signal for each event.",
  },
  load: { title: "Many conversations in a process", text: "" },
  marathon: { title: "A very long conversation", text: "" },
  "start-up": { title: "Start-up and size", text: "" },
  planning: {
    title: "Planning a turn",
    text: "From here on the figures are for turnwire alone: those that the README and the other documents state.",
  },
  bytes: { title: "Bytes of a turn", text: "" },
  link: { title: "The link", text: "" },
  interruption: { title: "An interruption, against the ideal", text: "" },
  "cut-post-hoc": { title: "A reply cut short, against equally many new items", text: "" },
  dropped: { title: "A lost connection, against a handshake", text: "" },
  fallback: { title: "From a refused upgrade to HTTP", text: "" },
  pool: { title: "Many conversations over few connections", text: "" },
  voice: { title: "Many voice agents in a process", text: "" },
};
