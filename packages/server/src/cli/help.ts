export const help = `turnwire: real-time LLM turns over one persistent connection

Usage: turnwire <subcommand> [options]

Subcommands:
  chat         hold a conversation in the terminal, or one turn per line of piped input
  server       a Responses server on this machine, with WebSocket mode: for tests, offline work, or local models
  speech       a local stand-in for Deepgram: speaks with espeak-ng or tones, hears what a script says

Options:
  --help       this text; turnwire chat --help, turnwire server --help and turnwire speech --help for theirs
  --version    the version
`;
