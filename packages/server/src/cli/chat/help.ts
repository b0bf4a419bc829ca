/** The commands of a conversation, and what they do. */
export const commands: Readonly<Record<string, string>> = {
  "/stats": "a table of every request so far",
  "/context": "the messages as they are held",
  "/drop": "cut the connection, to watch it recover",
  "/help": "these commands",
  "/quit": "leave (so do Ctrl-C and Ctrl-D at the prompt)",
};

/** The commands, a line for each. */
export const commandLines = Object.entries(commands).map(([name, what]) => `${name.padEnd(10)}${what}`);

export const chatHelp = `turnwire chat: a conversation with a model, over one WebSocket

Usage: turnwire chat [options]
       printf 'What is 17 * 23?\\nWhat time is it in Tokyo?\\n' | turnwire chat

With OPENAI_API_KEY set it talks to OpenAI. Without a key and an address it starts the server that comes with turnwire:
a few rules instead of a language model, which know how to use the tools. The tools are calculate and current_time.

Options:
  --base-url <url>   another server with the Responses API; default: OPENAI_BASE_URL. Needs no key
  --model <name>     default: gpt-4.1
  --system <text>    the system instruction
  --http             a request per turn over HTTP, instead of the WebSocket
  --json             one JSON object per line, see below
  --help             this text
  --version          the version

In a terminal, a line typed during a reply interrupts it and is the next turn. So does Ctrl-C, without a next turn; at
the prompt Ctrl-C leaves. Piped input is one turn per line; the exit code is 1 when a turn failed.

Commands, at any time:
${commandLines.map((line) => `  ${line}`).join("\n")}

With --json, input is one turn per line and output one JSON object per line, by "type":
  session     version, server, model, transport
  user        turn, text                              what was said
  tool        turn, name, arguments, output, failed   a function that was run
  record      turn, record                            a request: mode, reason, bytes, times, usage …
  assistant   turn, text, interrupted, firstTextMs    the whole reply; firstTextMs is null when there was no text
  error       turn, code, message                     the turn failed
  reconnected reason                                  a lost connection was replaced
  notice      message                                 anything else worth knowing
  stats       records                                 the answer to /stats
  context     messages                                the answer to /context
  dropped     connections                             the answer to /drop: how many were cut
  help        commands                                the answer to /help
`;
