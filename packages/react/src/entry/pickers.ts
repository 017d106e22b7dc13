/** Choosing model and hardware for a plan. */
export { SimModelPicker, type SimModelDraft, type SimModelPickerProps } from '../pick/sim-model-picker.tsx'
export { HardwarePicker, type DeviceDraft, type HardwarePickerProps } from '../pick/hardware-picker.tsx'
export { readSimCatalogue, useSimCatalogue, type KnownHardware, type SimCatalogue } from '../pick/catalogue.ts'
