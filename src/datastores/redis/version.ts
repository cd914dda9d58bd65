/** The version of Redis whose commands, replies and errors are followed: clients decide by it what to use. */
export const redisVersion = '7.0.15'
