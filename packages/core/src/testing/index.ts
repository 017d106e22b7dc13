/** Fakes for tests of whatever is built on core: time, transport, randomness, events. No test framework needed. */
export { createFakeClock, type FakeClock } from './fake-clock.ts'
export type { FakeAnswer, FakeStep } from './fake-answer.ts'
export { createFakeTransport, type FakeCall, type FakeTransport } from './fake-transport.ts'
export { createMemoryStepRunner } from './memory-step-runner.ts'
export { createEventRecorder, type EventRecorder } from './event-recorder.ts'
export { createSeededRandom } from '../random/random.ts'
export { createMemorySink, type MemorySink } from './memory-sink.ts'
