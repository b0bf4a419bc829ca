import { forbidProcesses } from "../guards.ts";

forbidProcesses();
