/**
 * How a Windows program ends by Ctrl-C.
 * @module
 */

/** `STATUS_CONTROL_C_EXIT`: the exit code of a program that Ctrl-C, or a console that closes, has ended. */
export const CONTROL_C_EXIT = 0xc000013a | 0;
