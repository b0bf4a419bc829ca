import { SystemFrame } from "./frame.ts";

/** The user began to speak. */
export class UserStartedSpeakingFrame extends SystemFrame {}

/** The user stopped speaking. */
export class UserStoppedSpeakingFrame extends SystemFrame {}

/** The bot's speech began to be played. */
export class BotStartedSpeakingFrame extends SystemFrame {}

/** The bot's speech stopped being played. */
export class BotStoppedSpeakingFrame extends SystemFrame {}
