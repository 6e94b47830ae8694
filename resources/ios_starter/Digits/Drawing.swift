import CoreGraphics
import CoreVideo
import LineupKit

/// What a finger has drawn: lines of points, 0...1 of a square.
struct Drawing: Sendable {
    static let side = 280
    static let penWidth = 0.075

    private(set) var lines: [[CGPoint]] = []

    var isEmpty: Bool { lines.isEmpty }

    mutating func begin(at point: CGPoint) {
        lines.append([point])
    }

    mutating func go(to point: CGPoint) {
        lines[lines.count - 1].append(point)
    }

    /// Its lines in a square of this side.
    func path(side: CGFloat) -> CGPath {
        let path = CGMutablePath()
        for line in lines {
            let points = line.map { CGPoint(x: $0.x * side, y: $0.y * side) }
            path.addLines(between: points.count == 1 ? [points[0], points[0]] : points)
        }
        return path
    }

    /// As a network that learned MNIST wants it: 28 × 28, white on black, in its middle. Nil where nothing is drawn.
    func picture() throws -> CVPixelBuffer? {
        guard let pixels = Digit.pixels(ink: ink(), width: Self.side, height: Self.side) else { return nil }
        let picture = try InputPicture.made(width: 28, height: 28, format: kCVPixelFormatType_32BGRA)
        CVPixelBufferLockBaseAddress(picture, [])
        defer { CVPixelBufferUnlockBaseAddress(picture, []) }
        guard let base = CVPixelBufferGetBaseAddress(picture)?.assumingMemoryBound(to: UInt8.self) else { return nil }
        let bytesPerRow = CVPixelBufferGetBytesPerRow(picture)
        for (place, value) in pixels.enumerated() {
            let pixel = base + place / 28 * bytesPerRow + place % 28 * 4
            for channel in 0..<3 { pixel[channel] = value }
            pixel[3] = 255
        }
        return picture
    }

    /// side × side, row by row from the top; 255 is drawn.
    private func ink() -> [UInt8] {
        let side = Self.side
        var bytes = [UInt8](repeating: 0, count: side * side)
        bytes.withUnsafeMutableBytes { memory in
            guard
                let context = CGContext(
                    data: memory.baseAddress, width: side, height: side, bitsPerComponent: 8, bytesPerRow: side,
                    space: CGColorSpaceCreateDeviceGray(), bitmapInfo: CGImageAlphaInfo.none.rawValue
                )
            else { return }
            context.translateBy(x: 0, y: CGFloat(side))  // its origin is at the lower left
            context.scaleBy(x: 1, y: -1)
            context.setStrokeColor(gray: 1, alpha: 1)
            context.setLineWidth(Self.penWidth * CGFloat(side))
            context.setLineCap(.round)
            context.setLineJoin(.round)
            context.addPath(path(side: CGFloat(side)))
            context.strokePath()
        }
        return bytes
    }
}
