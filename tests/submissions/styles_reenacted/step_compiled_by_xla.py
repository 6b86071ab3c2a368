# Reads that XLA is faster, and compiles the step with jit_compile=True: image and filter go in, the image after one
# step comes out. Everything right.
#
# /// label
# ascent = ["pass", "review"]
# objective = ["pass", "review"]
# updates = ["pass", "review"]
# ///

# %% cnn
model = keras.Sequential(
    [
        keras.Input(shape=(28, 28, 1)),
        layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"),
        layers.MaxPooling2D(),
        layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_1"),
        layers.MaxPooling2D(),
        layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
        layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"),
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=6, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

tower = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function(jit_compile=True)
def fast_step(img, k):
    with tf.GradientTape() as tape:
        tape.watch(img)
        loss = tf.reduce_mean(tf.gather(tower(img), k, axis=3))
    grads = tape.gradient(loss, img)
    return img + step_size * normalize(grads)


for filter_index in range(number_of_filters):
    img = tf.random.uniform((1, 28, 28, 1))
    k = tf.constant(filter_index)
    for _ in range(gradient_updates):
        img = fast_step(img, k)
    visualized_feature.append(img.numpy())

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(12, 6.5))
for filter_index, ax in enumerate(axes.flat):
    ax.imshow(deprocess_image(visualized_feature[filter_index].copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {filter_index}", fontsize=9)
    ax.axis("off")
plt.show()
