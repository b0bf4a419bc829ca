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

Without options a few rules answer instead of a language model, with no key and no network. It prints its URLs, then a
line for every request. Ctrl-C stops it.

Where:
  --port <n>             default: ${defaultPort}; 0 is any free port
  --host <address>       default: 127.0.0.1, which other machines cannot reach
  --allow-host <name>    a further host name that requests, and web pages that make them, may come from; repeatable
  --api-key <key>        a key that clients may bring; repeatable. Default: no key is needed

What it answers:
  --brain rules          fixed rules; the default. --brain script:<file> is --script <file>
  --pace                 the rules answer at a person's reading pace
  --script <file>        answers from a fixture, see docs/brains.md
  --upstream <url>       answers from a Chat Completions or Responses server: Ollama, llama.cpp, vLLM, LM Studio ...
  --upstream-api <name>  the upstream's API: chat (the default) or responses
  --upstream-model <m>   the model to ask it for; default: the one that the client names
  --upstream-key <key>   its key; better in TURNWIRE_UPSTREAM_KEY, since other users of this machine can see arguments
  --record <file>        writes the answers to a fixture for --script; an existing file is replaced

How it behaves:
  --dialect <name>       ${Object.keys(dialects).join(", ")}
  --cancel <mode>        how it reacts to response.cancel: honour, refuse or ignore; default: the dialect's
  --no-lanes             one response at a time per connection; stream_id is ignored
  --timing <timing>      takes as long as a model: ${Object.keys(timingPresets).join(", ")}, or fields; see below
  --tokenizer <name>     how tokens are counted: estimate (the default) or exact, which needs gpt-tokenizer
  --store <file>         keeps responses in an SQLite file; default: the latest 1000, in memory
  --faults               lets processes of this machine ask for faults at /_turnwire/faults, see docs/faults.md

What it prints:
  --log <file>           appends a JSON line for every request, without any text; - is standard output
  --json                 one JSON object per line instead of text, see below
  --help                 this text
  --version              the version

--timing takes a name, fields, or both, such as typical,jitter=0. The fields are firstTokenMs, perInputTokenMs (for each
token that is not cached), perTokenMs, jitter (0.2: up to a fifth off) and seed. The names:
${presets.join("\n")}

Each line of text is a request that has ended: when, its connection (or http) and lane, the model, what was sent
(everything or only new items, and how many of the conversation's items that was), the tokens of the prompt and how many
of them were cached, the time to the first output, the whole time, and how it ended. With --log - these lines go to
standard error.

With --json, by "type":
  listening   version, url, wsURL, faultsURL, brain, dialect, keys (how many are accepted)
  request     receivedAt, transport, connection, lane, model, mode (full, incremental, warm-up or steered), responseId,
              itemsSent, itemsTotal, bytes, inputTokens, cachedTokens, outputTokens, firstOutputMs, durationMs, status,
              errorCode; null if there is none. --log writes the same
  notice      message                                  anything else worth knowing
  stopping    signal
  closed      requests                                 how many there were

The exit code is 0 after Ctrl-C, SIGTERM or SIGHUP; a second one ends it at once. It is 1 when the server cannot start,
2 for a mistake in the options.
`;
