/// How a picture is made smaller or larger. The lab's words, and what OpenCV and Pillow do under them.
public enum Resampling: String, Codable, Sendable {
    /// The mean of all pixels that a new pixel covers.
    case area
    /// Straight lines between pixels, as wide as a new pixel to make smaller: Pillow's bilinear, as torchvision has it.
    case antialias
    /// Straight lines between the four nearest pixels.
    case linear
    case nearest
    /// Halved by averaging as often as it fits, then linear. The app computes `area` instead.
    case pyramid
}

/// Pixels of four bytes, blue, green, red and one more, as cameras of Apple's give them; in somebody else's memory.
public struct PictureBytes {
    let base: UnsafePointer<UInt8>
    public let width: Int
    public let height: Int
    let bytesPerRow: Int

    public init(base: UnsafePointer<UInt8>, width: Int, height: Int, bytesPerRow: Int) {
        self.base = base
        self.width = width
        self.height = height
        self.bytesPerRow = bytesPerRow
    }
}

/// A network's input: pixels of four bytes (blue, green, red, 255) or of one (grey); in somebody else's memory.
public struct InputBytes {
    let base: UnsafeMutablePointer<UInt8>
    let width: Int
    let height: Int
    let bytesPerRow: Int
    let isGrey: Bool

    public init(base: UnsafeMutablePointer<UInt8>, width: Int, height: Int, bytesPerRow: Int, isGrey: Bool) {
        self.base = base
        self.width = width
        self.height = height
        self.bytesPerRow = bytesPerRow
        self.isGrey = isGrey
    }

    /// Fill the input with the part of the picture that the placement says, and with grey beside it.
    public func fill(from picture: PictureBytes, placement: Placement, resampling: Resampling, pad: UInt8) {
        let inside = placement.inside
        if inside.width < width || inside.height < height {
            fillWithGrey(pad)
        }
        let across = Taps(from: placement.crop.width, to: inside.width, resampling.pair(placement))
        let down = Taps(from: placement.crop.height, to: inside.height, resampling.pair(placement))
        // One row after the other is shrunk to the new width; the new rows are mixed from these.
        let lane = inside.width * 3
        var mixed = [Float](repeating: 0, count: lane)
        var rows: [Int: [Float]] = [:]
        for y in 0..<inside.height {
            let needed = down.range(y)
            rows = rows.filter { needed.contains($0.key) }
            for i in 0..<lane { mixed[i] = 0 }
            for (k, source) in needed.enumerated() {
                let row =
                    rows[source] ?? across.row(of: picture, left: placement.crop.left, y: placement.crop.top + source)
                rows[source] = row
                let weight = down.weight(y, k)
                row.withUnsafeBufferPointer { row in
                    mixed.withUnsafeMutableBufferPointer { mixed in
                        for i in 0..<lane { mixed[i] += row[i] * weight }
                    }
                }
            }
            write(mixed, x: inside.left, y: inside.top + y)
        }
    }

    private func fillWithGrey(_ pad: UInt8) {
        for y in 0..<height {
            let row = base + y * bytesPerRow
            for x in 0..<width * (isGrey ? 1 : 4) {
                row[x] = !isGrey && x % 4 == 3 ? 255 : pad
            }
        }
    }

    private func write(_ values: [Float], x: Int, y: Int) {
        let row = base + y * bytesPerRow
        for i in 0..<values.count / 3 {
            let blue = Self.byte(values[3 * i])
            let green = Self.byte(values[3 * i + 1])
            let red = Self.byte(values[3 * i + 2])
            if isGrey {  // OpenCV's weights in 1/32768, which are those of ITU-R BT.601
                let sum: Int = Int(blue) * 3735 + Int(green) * 19235 + Int(red) * 9798
                row[x + i] = UInt8((sum + 16384) >> 15)
            } else {
                let pixel = row + 4 * (x + i)
                pixel[0] = blue
                pixel[1] = green
                pixel[2] = red
                pixel[3] = 255
            }
        }
    }

    private static func byte(_ value: Float) -> UInt8 {
        UInt8(min(max(value.rounded(.toNearestOrEven), 0), 255))
    }
}

extension Resampling {
    fileprivate enum Way {
        case mean, areaLines, lines, nearest, triangle
    }

    /// OpenCV takes the mean only where both sides become smaller.
    fileprivate func pair(_ placement: Placement) -> Way {
        let (crop, inside) = (placement.crop, placement.inside)
        let smaller = crop.width >= inside.width && crop.height >= inside.height
        switch self {
        case .nearest: return .nearest
        case .linear: return .lines
        case .antialias: return .triangle
        case .area, .pyramid: return smaller ? .mean : .areaLines
        }
    }
}

/// Which old pixels a new one is made of, along one side, and how much each counts.
private struct Taps {
    private var first: [Int] = []
    private var weights: [[Float]] = []

    init(from old: Int, to new: Int, _ way: Resampling.Way) {
        // In single precision where OpenCV has it: a step earlier or later is another pixel.
        let inverse = Double(new) / Double(old)
        let scale = 1 / inverse
        for i in 0..<new {
            switch way {
            case .nearest:
                add(min(Int(Double(i) * scale), old - 1), [1], old)
            case .lines:
                let place = Float((Double(i) + 0.5) * scale - 0.5)
                let low = place.rounded(.down)
                add(Int(low), [1 - (place - low), place - low], old)
            case .triangle:  // Pillow's, Resample.c: half as wide as two new pixels, or as two old ones
                let wide = max(scale, 1)
                let centre = (Double(i) + 0.5) * scale
                let low = max(0, Int(centre - wide + 0.5))
                let high = max(low + 1, min(old, Int(centre + wide + 0.5)))
                let parts = (low..<high).map { max(0, 1 - abs((Double($0) - centre + 0.5) / wide)) }
                let sum = parts.reduce(0, +)
                add(low, parts.map { Float(sum > 0 ? $0 / sum : 1) }, old)
            case .areaLines:  // OpenCV's INTER_AREA for larger pictures
                let low = (Double(i) * scale).rounded(.down)
                let over = Float(Double(i + 1) - (low + 1) * inverse)
                let part = over <= 0 ? 0 : over - over.rounded(.down)
                add(Int(low), [1 - part, part], old)
            case .mean:
                let start = Double(i) * scale
                let end = min(start + scale, Double(old))
                let low = Int(start)
                let high = max(low + 1, Int(end.rounded(.up)))
                let parts = (low..<min(high, old)).map { min(end, Double($0 + 1)) - max(start, Double($0)) }
                let sum = parts.reduce(0, +)
                add(low, parts.map { Float($0 / sum) }, old)
            }
        }
    }

    /// What lies beyond the edge is the pixel at the edge.
    private mutating func add(_ start: Int, _ parts: [Float], _ old: Int) {
        var begin = min(max(start, 0), old - 1)
        var inside: [Float] = []
        for (k, part) in parts.enumerated() {
            let place = min(max(start + k, 0), old - 1)
            if inside.isEmpty {
                begin = place
                inside = [part]
            } else if place < begin + inside.count {
                inside[place - begin] += part
            } else {
                inside.append(part)
            }
        }
        first.append(begin)
        weights.append(inside)
    }

    func range(_ i: Int) -> Range<Int> { first[i]..<first[i] + weights[i].count }

    func weight(_ i: Int, _ k: Int) -> Float { weights[i][k] }

    /// One row of the picture at the new width: blue, green, red, ...
    func row(of picture: PictureBytes, left: Int, y: Int) -> [Float] {
        let source = picture.base + y * picture.bytesPerRow + 4 * left
        return [Float](unsafeUninitializedCapacity: first.count * 3) { row, count in
            for i in first.indices {
                var blue: Float = 0
                var green: Float = 0
                var red: Float = 0
                weights[i].withUnsafeBufferPointer { parts in
                    var pixel = source + 4 * first[i]
                    for part in parts {
                        blue += part * Float(pixel[0])
                        green += part * Float(pixel[1])
                        red += part * Float(pixel[2])
                        pixel += 4
                    }
                }
                row.initializeElement(at: 3 * i, to: blue)
                row.initializeElement(at: 3 * i + 1, to: green)
                row.initializeElement(at: 3 * i + 2, to: red)
            }
            count = first.count * 3
        }
    }
}
