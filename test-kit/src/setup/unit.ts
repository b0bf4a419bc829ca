import { forbidProcesses, forbidSockets } from "../guards.ts";

forbidSockets();
forbidProcesses();
