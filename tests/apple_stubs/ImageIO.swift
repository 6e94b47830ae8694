@_exported import CoreGraphics
public final class CGImageSource {}
public func CGImageSourceCreateWithURL(_ u: CFURL, _ o: CFDictionary?) -> CGImageSource? { nil }
public func CGImageSourceCreateImageAtIndex(_ s: CGImageSource, _ i: Int, _ o: CFDictionary?) -> CGImage? { nil }
