import { defaultPort, pace } from "./options.ts";

export const speechHelp = `turnwire speech: a local stand-in for Deepgram's speech services, for voice agents without a key

Usage: turnwire speech [options]
       turnwire speech --script conversation.json

It serves Deepgram's WebSocket protocols: text becomes speech at /v1/speak, speech becomes text at /v1/listen. It is no
speech service. It speaks with espeak-ng if that is installed, otherwise with a tone for each word. It does not
understand speech at all: it "hears" the words of the script at their times, whatever is in the audio; without a script
it hears nothing. It prints its address and how to use it, then a line for each event. Ctrl-C stops it.

Options:
  --script <file>        the words that are heard, see below
  --voice <name>         auto (the default: espeak-ng if it is installed, else tones), espeak or tones
  --pace                 takes as much time as a service: first audio after ${pace.firstByteMs} ms, audio ${pace.realtimeFactor} times faster than it is
                         played, results after ${pace.latencyMs} ms. Default: as fast as possible
  --port <n>             default: ${defaultPort}; 0 is any free port
  --host <address>       default: 127.0.0.1, which other machines cannot reach
  --api-key <key>        a key that clients may bring; repeatable. Default: any key will do
  --json                 one JSON object per line instead of text, see below
  --help                 this text
  --version              the version

Point turnwire's services at it with DEEPGRAM_BASE_URL, or with their baseURL; any text will do as DEEPGRAM_API_KEY.
docs/speech-server.md describes it.

A script is a JSON list of words, with their places in the audio of a connection in milliseconds:
  [{ "word": "Hello,", "startMs": 500, "endMs": 800 }, { "word": "Ada.", "startMs": 860, "endMs": 1200 }]
With { "connections": [[...], [...]] } each listening connection has its own list; the last also serves all later ones.

Each line of text is an event: when, the connection, and what happened: opened, heard (how many words, and where in the
audio), spoken (how many characters, and how much audio), closed, refused. No text of the conversation is printed.

With --json, by "type":
  listening   version, url, listenURL, speakURL, voice, words (in the script), keys (how many are accepted)
  opened      at, path, connection, model
  heard       at, connection, words, startMs, endMs, speechFinal, fromFinalize
  spoken      at, connection, characters, sentMs, audioMs, cutShort
  closed      at, path, connection, code, reason, audioMs, durationMs
  refused     at, path, status, code
  notice      message                                  anything else worth knowing
  stopping    signal
  stopped     connections                              how many there were

The exit code is 0 after Ctrl-C, SIGTERM or SIGHUP; a second one ends it at once. It is 1 when the server cannot start,
2 for a mistake in the options.
`;
