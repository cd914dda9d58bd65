/** Into how many shards a new cluster can cut its keys. */
export const shardsMax = 1024
