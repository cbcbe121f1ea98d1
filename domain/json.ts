/** Plain JSON: what may stand in a workflow's state, history, audit event or answer. Never a Map, Set, Date or undefined. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
