import CoreML

/// The parts of the chip that Core ML may use. Which one it takes for what is its own affair.
enum ComputeUnits: String, CaseIterable, Identifiable, Sendable {
    case all, neuralEngine, gpu, cpu

    var id: Self { self }

    var title: String {
        switch self {
        case .all: "All units"
        case .neuralEngine: "CPU and Neural Engine"
        case .gpu: "CPU and GPU"
        case .cpu: "CPU only"
        }
    }

    var core: MLComputeUnits {
        switch self {
        case .all: .all
        case .neuralEngine: .cpuAndNeuralEngine
        case .gpu: .cpuAndGPU
        case .cpu: .cpuOnly
        }
    }
}
