/// A drawing made ready for a network that learned MNIST.
///
/// MNIST's digits were scaled into 20 × 20 px and put with their centre of mass into the middle of 28 × 28
/// (LeCun, Cortes, Burges: "The MNIST database of handwritten digits"). A drawing that is small, or stands in a
/// corner, is nothing that the network has ever seen.
public enum Digit {
    /// Where a drawing has to be taken from, so that it has MNIST's size and place: a square, px of the drawing.
    ///
    /// - Parameters:
    ///   - ink: width × height, row by row, 0...255; bright is drawn.
    /// - Returns: nil where nothing is drawn.
    public static func frame(ink: [UInt8], width: Int, height: Int) -> Box? {
        guard width > 0, height > 0, ink.count >= width * height else { return nil }
        var (left, top, right, bottom) = (width, height, -1, -1)
        var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
        for y in 0..<height {
            for x in 0..<width where ink[y * width + x] > 0 {
                let weight = Double(ink[y * width + x])
                (left, right) = (min(left, x), max(right, x))
                (top, bottom) = (min(top, y), max(bottom, y))
                sum += weight
                sumX += weight * (Double(x) + 0.5)
                sumY += weight * (Double(y) + 0.5)
            }
        }
        guard sum > 0 else { return nil }
        let side = Double(max(right - left, bottom - top) + 1) * 28 / 20
        return Box(centerX: sumX / sum, centerY: sumY / sum, width: side, height: side)
    }

    /// The drawing as 28 × 28, row by row, 0...255: the mean of what each pixel covers; black outside.
    public static func pixels(ink: [UInt8], width: Int, height: Int) -> [UInt8]? {
        guard let frame = frame(ink: ink, width: width, height: height) else { return nil }
        let step = frame.width / 28
        return (0..<28 * 28).map { place in
            let left = frame.left + Double(place % 28) * step
            let top = frame.top + Double(place / 28) * step
            return mean(ink, width, height, Box(left: left, top: top, right: left + step, bottom: top + step))
        }
    }

    private static func mean(_ ink: [UInt8], _ width: Int, _ height: Int, _ part: Box) -> UInt8 {
        var sum = 0.0
        let columns = covered(part.left, part.right, width)
        for y in covered(part.top, part.bottom, height) {
            let tall = min(part.bottom, Double(y + 1)) - max(part.top, Double(y))
            for x in columns {
                let wide = min(part.right, Double(x + 1)) - max(part.left, Double(x))
                sum += tall * wide * Double(ink[y * width + x])
            }
        }
        return UInt8(min(255, (sum / part.area).rounded(.toNearestOrEven)))
    }

    /// The whole numbers from one place to another, as far as there are pixels.
    private static func covered(_ from: Double, _ to: Double, _ count: Int) -> Range<Int> {
        let first = min(max(0, Int(from.rounded(.down))), count)
        return first..<min(max(first, Int(to.rounded(.up))), count)
    }
}
