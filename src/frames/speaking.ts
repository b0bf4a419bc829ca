import { SystemFrame } from "./frame.ts";

/** The user's voice began to be heard. Whether that is a turn of the user's is for the turn-taking to say. */
export class VADUserStartedSpeakingFrame extends SystemFrame {}

/** The user's voice has not been heard for a while. */
export class VADUserStoppedSpeakingFrame extends SystemFrame {}

/** The user began to speak: a turn of the user's. */
export class UserStartedSpeakingFrame extends SystemFrame {}

/** The user stopped speaking: the end of a turn of the user's. */
export class UserStoppedSpeakingFrame extends SystemFrame {}

/** The bot's speech began to be played. */
export class BotStartedSpeakingFrame extends SystemFrame {}

/** The bot's speech stopped being played. */
export class BotStoppedSpeakingFrame extends SystemFrame {}
