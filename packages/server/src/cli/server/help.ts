import { dialects } from "../../responses/index.ts";
import { defaultPort } from "./options.ts";
import { timingPresets } from "./timing.ts";

const presets = Object.entries(timingPresets).map(
  ([name, timing]) =>
    `  ${name.padEnd(9)}${Object.entries(timing)
      .map(([field, value]) => `${field}=${value}`)
      .join(",")}`,
);

export const serverHelp = `turnwire server: a Responses server on this machine, with HTTP, server-sent events and WebSocket mode

Usage: turnwire server [options]
       turnwire server --upstream http://127.0.0.1:11434/v1 --upstream-model qwen3

Without options it answers by a few rules instead of a language model, with no key and no network. It prints its URLs,
then a line for every turn. Ctrl-C stops it.

Where:
  --port <n>             default: ${defaultPort}; 0 is any free port
  --host <address>       default: 127.0.0.1, which other machines cannot reach
  --allow-host <name>    a further host name that requests, and web pages that make them, may come from; repeatable
  --api-key <key>        clients have to bring it, or another that is given; repeatable. Default: none is asked for

What it says:
  --brain rules          fixed rules; the default. --brain script:<file> is --script <file>
  --pace                 the rules at the pace of a person's reading, rather than at once
  --script <file>        what a fixture says, see docs/brains.md
  --upstream <url>       what a Chat Completions or Responses server says: Ollama, llama.cpp, vLLM, LM Studio ...
  --upstream-api <name>  what the upstream speaks: chat (the default) or responses
  --upstream-model <m>   the model it is asked for; default: the one the client names
  --upstream-key <key>   its key; better in TURNWIRE_UPSTREAM_KEY, as other users of this machine see arguments
  --record <file>        writes down what is said, as a fixture for --script. A file of that name is replaced

How it behaves:
  --dialect <name>       ${Object.keys(dialects).join(", ")}
  --cancel <mode>        what is done about response.cancel: honour, refuse or ignore; default: the dialect's
  --no-lanes             one response at a time per connection; stream_id means nothing
  --timing <timing>      takes as long as a model: ${Object.keys(timingPresets).join(", ")}, or fields; see below
  --tokenizer <name>     how tokens are counted: estimate (the default) or exact, which needs gpt-tokenizer
  --store <file>         keeps responses in an SQLite file; default: the latest 1000, in memory
  --faults               lets processes of this machine ask for faults at /_turnwire/faults, see docs/faults.md

What it prints:
  --log <file>           appends a JSON line for every turn, without what was said; - is standard output
  --json                 one JSON object per line instead of text, see below
  --help                 this text
  --version              the version

--timing takes a name, fields, or both, such as typical,jitter=0. The fields are firstTokenMs, perInputTokenMs (for each
token that is not cached), perTokenMs, jitter (0.2: up to a fifth off) and seed. The names:
${presets.join("\n")}

Each line of text is a turn that has ended: when, its connection (or http) and lane, the model, what was sent (in full,
or only what is new, and how many items of the conversation that was), the tokens of the prompt and how many of them
were cached, the time to the first output, the whole time, and how it ended. With --log - these lines go to standard
error.

With --json, by "type":
  listening   version, url, wsURL, faultsURL, brain, dialect, keys (how many are accepted)
  request     receivedAt, transport, connection, lane, model, mode (full, incremental, warm-up or steered), responseId,
              itemsSent, itemsTotal, bytes, inputTokens, cachedTokens, outputTokens, firstOutputMs, durationMs, status,
              errorCode; null is what there is not. --log writes the same
  notice      message                                  anything else worth knowing
  stopping    signal
  closed      requests                                 how many there were

The exit code is 0 after Ctrl-C, SIGTERM or SIGHUP; a second one ends it at once. It is 1 when the server cannot start,
2 for a mistake in the options.
`;
