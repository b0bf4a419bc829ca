/** What the document says around the figures. */
export const intro = `Written by \`npm run bench -- --write\`; every figure is measured by the same command. \`npm run bench\` measures all of it,
\`--quick\` tries it in minutes, \`--only a,b\` takes single figures, \`--json FILE\` keeps what was measured, \`--check\` fails when a
ratio to the floor or the ideal, or a count, is not what it should be. \`npm run bench -- --profile\` says where the client's time goes.
The peers live in \`bench/package.json\`, with a lockfile of their own: \`npm install\` of turnwire never sees them.

**What is compared.** Each client runs in a process of its own and is used through its public interface. The server is
turnwire's [embedded one](server.md) in another process, with a model that takes exact times; a proxy in between makes it far
away: half the round trip each way. Unless it says otherwise the link takes as much at once as comes, without a limit of bandwidth
or TCP's slow start, which favours those who send much. Connecting takes a round trip, the upgrade another. There is no TLS. What is compared is measured in turn, in the same run. Figures are medians unless they say otherwise.

**The floor** is a raw \`ws\` loop. It does what any client must: it parses each event's JSON, gathers the text, sees the last
event, and continues the response before. It checks nothing, and survives nothing.`;

/** What the figures do not say by themselves, of the versions above. */
export const noticed = `Noticed in those versions, and worth knowing when the tables are read:

- \`@livekit/agents\`: the next turn sends the reply that the server has already once more, and a tool's call likewise, so that
  the model is shown both twice (*items shown*). A reply cut short once it was complete stays whole at the server. After
  an interruption the abandoned response runs on; when it completes, later turns may continue it, with all that nobody heard
  (*unheard words shown*). Its LLM has no tool loop of its own, that is the session's; here the calls are run by hand.
  An event that its schema does not know is dropped without a word: a \`response.completed\` whose usage lacks
  \`input_tokens_details\`, as aimock's does, leaves the turn waiting.
- \`@openai/agents\`: an interruption closes the connection; the next turn connects anew.
- \`ai\`: with \`store: true\`, its default, it refers to earlier items by id, which the embedded server does not know, hence
  \`store: false\`. It is the only client over HTTP that asks again when the stream is lost before the first token, after two seconds.
- \`fetch\` of Node, under every HTTP client: an aborted request costs its connection, and the request after the next another one.
- A conversation that the provider stores (\`store: true\`) can be continued from any response and over any transport. turnwire does
  without: \`store: false\`.`;

export const summaryText = `Each client's figure divided by that of turnwire's WebSocket service: above 1 it takes longer, or more. Medians unless it says
otherwise; 40 ms round trip, and loopback for what concerns the process alone. The figures themselves are in the chapters
below, with what each client gives up for them; an interruption without lanes costs less with \`standby: true\`.`;

interface Chapter {
  title: string;
  text: string;
}

/** By the figure's name. */
export const scenarios: Record<string, Chapter> = {
  chat: {
    title: "A chat",
    text: "Fifty turns. Who sends everything every turn sends more with each; who continues the response before sends what is new.",
  },
  "long-chat": {
    title: "A long chat, over a link with a bandwidth",
    text: "The same proxy with an upload bandwidth and TCP's congestion window: ten segments at first, doubled with each round trip, and ten again after a silence. A request that is larger than the window takes further round trips.",
  },
  "other-server": { title: "The same with another server", text: "" },
  "tool-loop": {
    title: "A tool loop",
    text: "The model calls a function 25 times, one call after the other. A call costs a round trip and the model's time, whatever the transport, once a connection is open: what a client can save is connecting, sending and reading. Over a link without limits sending is free: the raw loop itself is hardly faster than the HTTP clients there, so that no client can be 1.5 × faster, which was the goal. Over one with a bandwidth sending is not free: the last table tells from where on it matters. The longer the model takes, the smaller is every ratio.",
  },
  "interruption-peers": {
    title: "An interruption",
    text: "The user speaks after ten words of an answer of 300; the next turn is asked at once. turnwire moves to another lane, or to a second connection, which `standby: true` keeps open; `@livekit/agents` leaves the rest to run, and takes a second connection; over HTTP an interruption closes the request's connection, and a new one costs a round trip where a WebSocket costs two; `openai`'s ResponsesWS and the raw loop close the socket, since what is still to come would be taken for the next answer.",
  },
  "cut-short": {
    title: "A reply cut short after it was complete",
    text: "The usual case in voice: the text is complete at the server, the speech is not, and the user interrupts it.",
  },
  recovery: { title: "A lost connection", text: "" },
  "first-turn": { title: "The first turn", text: "" },
  "client-cost": { title: "What an event costs", text: "" },
  profile: {
    title: "Where turnwire's time goes",
    text: "Of an event most is reading it: `JSON.parse`, the socket, UTF-8. Of a turn it is the system call that sends the request, then reading again. What was the dearest of turnwire's own is avoided: waiting for events that have come already, and a generator around each frame; in a turn an error and an abort that nobody sees, and listening to a signal once for each event.",
  },
  load: { title: "Many conversations in a process", text: "" },
  marathon: { title: "Days of one conversation", text: "" },
  "start-up": { title: "Start-up and size", text: "" },
  planning: {
    title: "Planning a turn",
    text: "turnwire alone, from here on: the figures that README and the other documents state.",
  },
  bytes: { title: "Bytes of a turn", text: "" },
  link: { title: "The link", text: "" },
  interruption: { title: "An interruption, against the ideal", text: "" },
  "cut-post-hoc": { title: "A reply cut short, against what is new", text: "" },
  dropped: { title: "A lost connection, against a handshake", text: "" },
  fallback: { title: "From a refused upgrade to HTTP", text: "" },
  pool: { title: "Many conversations over few connections", text: "" },
  voice: { title: "Many voice agents in a process", text: "" },
};
