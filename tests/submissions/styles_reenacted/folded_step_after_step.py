# tf.foldl makes the fifty steps, without a tf.function around it; the start is a single grey with a little noise. The
# loss is the sum of the feature map divided by its size. Everything right.
#
# /// label
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input((28, 28, 1)),
        layers.Conv2D(12, 5, padding="same", name="conv2d"),
        layers.LeakyReLU(),
        layers.MaxPooling2D(),
        layers.Conv2D(18, 3, padding="same", name="conv2d_1"),
        layers.LeakyReLU(),
        layers.Conv2D(18, 3, padding="same", name="conv2d_2"),
        layers.LeakyReLU(),
        layers.Conv2D(21, 3, padding="same", name="conv2d_3"),
        layers.LeakyReLU(),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(keras.optimizers.Nadam(1e-3), "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=20, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 21
inner = keras.Model(model.inputs, model.get_layer(layer_name).output)


def make_step(k):
    def step(image, number):
        with tf.GradientTape() as tape:
            tape.watch(image)
            own = inner(image)[:, :, :, k]
            loss = tf.reduce_sum(own) / tf.size(own, out_type=tf.float32)
        return image + step_size * normalize(tape.gradient(loss, image))

    return step


visualized_feature = [
    tf.foldl(
        make_step(k),
        elems=tf.range(gradient_updates),
        initializer=0.5 + 0.05 * tf.random.normal((1, 28, 28, 1)),
    ).numpy()
    for k in range(number_of_filters)
]

# %% plot
figure = plt.figure(figsize=(11, 5))
for k, image in enumerate(visualized_feature):
    plt.subplot(3, 7, k + 1)
    plt.imshow(deprocess_image(image.copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {k}")
    plt.axis("off")
plt.show()
