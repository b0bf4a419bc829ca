/** A process with the servers that the voice agents of `own/voice.ts` use. */
import { ResponsesServer, scriptBrain } from "@turnwire/server";
import { SpeechServer, type TimedWord } from "@turnwire/server/speech";

const [script, reply] = JSON.parse(process.argv[2]!) as [TimedWord[], string];
const models = await ResponsesServer.start({
  brain: scriptBrain({ turns: [{ reply }] }),
  timing: { firstTokenMs: 150, perTokenMs: 10 },
});
const speech = await SpeechServer.start({ voice: "tones", script, interimMs: 200, firstByteMs: 80, realtimeFactor: 8 });
process.on("disconnect", () => process.exit());
process.send!({ models: models.url, speech: speech.url });
