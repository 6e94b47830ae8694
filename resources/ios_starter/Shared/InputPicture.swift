import CoreVideo
import LineupKit

/// The picture that a network is given: one buffer of the input's size, filled anew for every answer.
///
/// The lab's own way of cropping and scaling is computed here (LineupKit, tested against the lab), so that Vision has
/// nothing left to scale: its filter, its padding and its idea of a crop are others.
final class InputPicture {
    let buffer: CVPixelBuffer
    private let network: Network

    init(for network: Network) throws {
        self.network = network
        let format = network.colours == .grey ? kCVPixelFormatType_OneComponent8 : kCVPixelFormatType_32BGRA
        buffer = try Self.made(width: network.width, height: network.height, format: format)
    }

    /// Fill it with the part of a picture (32BGRA) that the network wants to see.
    func fill(from picture: CVPixelBuffer, placement: Placement) throws {
        guard CVPixelBufferGetPixelFormatType(picture) == kCVPixelFormatType_32BGRA else {
            throw Trouble("The picture is not BGRA.")
        }
        CVPixelBufferLockBaseAddress(picture, .readOnly)
        defer { CVPixelBufferUnlockBaseAddress(picture, .readOnly) }
        CVPixelBufferLockBaseAddress(buffer, [])
        defer { CVPixelBufferUnlockBaseAddress(buffer, []) }
        guard let source = CVPixelBufferGetBaseAddress(picture), let target = CVPixelBufferGetBaseAddress(buffer) else {
            throw Trouble("The picture has no memory.")
        }
        let bytes = PictureBytes(
            base: UnsafePointer(source.assumingMemoryBound(to: UInt8.self)),
            width: CVPixelBufferGetWidth(picture), height: CVPixelBufferGetHeight(picture),
            bytesPerRow: CVPixelBufferGetBytesPerRow(picture)
        )
        let input = InputBytes(
            base: target.assumingMemoryBound(to: UInt8.self),
            width: network.width, height: network.height,
            bytesPerRow: CVPixelBufferGetBytesPerRow(buffer), isGrey: network.colours == .grey
        )
        input.fill(from: bytes, placement: placement, resampling: network.resampling, pad: network.pad)
    }

    /// A buffer that every compute unit can read.
    static func made(width: Int, height: Int, format: OSType) throws -> CVPixelBuffer {
        let attributes = [kCVPixelBufferIOSurfacePropertiesKey: [String: Any]()] as CFDictionary
        var made: CVPixelBuffer?
        let status = CVPixelBufferCreate(kCFAllocatorDefault, width, height, format, attributes, &made)
        guard status == kCVReturnSuccess, let made else {
            throw Trouble("There is no memory for a picture of \(width) × \(height).")
        }
        return made
    }
}
