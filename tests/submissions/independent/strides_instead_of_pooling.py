# No pooling at all: two of five convolutions have stride 2. The layer looked into is the fourth one, which
# has 32 filters, shown in 4 x 8. Everything right.
#
# /// label
# ///

# %% cnn
kw = {"kernel_size": 3, "padding": "same", "activation": layers.LeakyReLU(negative_slope=0.1)}

model = keras.Sequential(name="all_convolutional")
model.add(keras.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(12, strides=2, name="conv2d", **kw))    # 14 x 14
model.add(layers.Conv2D(16, name="conv2d_1", **kw))
model.add(layers.Conv2D(24, strides=2, name="conv2d_2", **kw))  # 7 x 7
model.add(layers.Conv2D(32, name="conv2d_3", **kw))
model.add(layers.Conv2D(32, name="conv2d_4", **kw))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=2e-3),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
print(["%.3f" % v for v in results.history["loss"]])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

bottom = keras.models.Model(model.inputs, [model.get_layer(layer_name).output])

filter_index = 0
while filter_index < number_of_filters:
    input_img = KTF.variable(np.random.rand(1, 28, 28, 1))
    update = 0
    while update < gradient_updates:
        with tf.GradientTape() as tape:
            out = bottom(input_img)
            out = out[0] if isinstance(out, (list, tuple)) else out
            loss = KTF.mean(out[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign(input_img + step_size * grads)
        update += 1
    visualized_feature += [input_img.numpy()]
    filter_index += 1

# %% plot
figure = plt.figure(figsize=(12, 7))

for row in range(4):
    for col in range(8):
        k = 8 * row + col
        plt.subplot(4, 8, k + 1)
        plt.imshow(deprocess_image(visualized_feature[k].copy())[0, :, :, 0], cmap="gray")
        plt.title(f"feature {k}")
        plt.axis("off")

plt.tight_layout()
plt.show()
