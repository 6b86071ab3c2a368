# A list comprehension over one function, and a normalisation of his own (the Euclidean norm divided by 28,
# which is the rms). He looks into the second layer, conv2d_1, where the network has 24 filters, in a grid
# of 4 x 6.
#
# /// label
# ///

# %% cnn
a = layers.Input(shape=(28, 28, 1))
b = layers.Conv2D(12, 5, padding="same", activation="relu", name="conv2d")(a)
b = layers.MaxPooling2D()(b)
b = layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_1")(b)
b = layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2")(b)
b = layers.MaxPooling2D()(b)
b = layers.Conv2D(48, 3, padding="same", activation="relu", name="conv2d_3")(b)
b = layers.Flatten()(b)
c = layers.Dense(10, activation="softmax")(b)
model = keras.Model(a, c)

# %% train
model.compile("nadam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_1"
lower = keras.Model(a, model.get_layer(layer_name).output)
number_of_filters = lower.output_shape[-1]


def unit(v):
    # |v| / sqrt(784) is the root mean square
    return v / (tf.norm(v) / 28.0 + 1e-8)


def favourite_image(k):
    x = tf.Variable(tf.random.uniform([1, 28, 28, 1]))
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            signal = tf.reduce_mean(lower(x)[0, :, :, k])
        x.assign_add(step_size * unit(tape.gradient(signal, x)))
    return x.numpy()


visualized_feature = [favourite_image(k) for k in range(number_of_filters)]

# %% plot
figure, axes = plt.subplots(4, 6, figsize=(9, 7))
for k, (ax, x) in enumerate(zip(axes.flat, visualized_feature)):
    ax.imshow(deprocess_image(x.copy())[0, ..., 0], cmap="gray")
    ax.set_title(f"feature {k}")
    ax.axis("off")
plt.show()
