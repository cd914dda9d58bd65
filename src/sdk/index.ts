export type { StartOptions, Unum } from './start-unum.ts'
export { startUnum } from './start-unum.ts'
