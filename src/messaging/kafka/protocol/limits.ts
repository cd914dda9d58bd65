/** Elements of all arrays of one message together: what bounds the memory that a message takes beyond its own bytes. */
export const elementsMax = 1_000_000

/** Tagged fields in one section: Kafka's own messages have less than ten. */
export const tagsMax = 1024

/** Of one request, its length field excluded: Kafka's default of `socket.request.max.bytes`. */
export const requestBytesMax = 104_857_600

/** Slices of stored records of at least this size are handed on as they are; smaller ones are copied, which costs less. */
export const spliceBytesMin = 4096
