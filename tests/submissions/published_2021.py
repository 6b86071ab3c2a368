# The exercise as it was published in 2021, apart from the name of the learning rate, which Keras 3 changed:
# four convolutions of 16 to 128 filters, three epochs, one ascent after the other.
# The layer has 128 filters; as the 8 x 8 grid asks, the first 64 are shown.
#
# /// label
# ///

# %% cnn
model = keras.models.Sequential()
model.add(layers.Conv2D(16, (3, 3), padding="same", activation="relu", input_shape=(28, 28, 1)))
model.add(layers.Conv2D(32, (3, 3), padding="same", activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(64, (3, 3), padding="same", activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(128, (3, 3), padding="same", activation="relu"))
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dropout(0.5))
model.add(layers.Dense(10, activation="softmax"))
print(model.summary())

# %% train
model.compile(
    loss="categorical_crossentropy",
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=100, epochs=3, verbose=2, validation_split=0.1)

# %% ascent
layer_dict = dict([(layer.name, layer) for layer in model.layers])
layer_name = "conv2d_3"
layer_output = layer_dict[layer_name].output
sub_model = keras.models.Model([model.inputs], [layer_output])

visualized_feature = []
for filter_index in range(64):
    input_img = KTF.variable(np.random.uniform(0, 1, size=(1, 28, 28, 1)))
    for i in range(gradient_updates):
        with tf.GradientTape() as tape:
            layer_activation = sub_model(input_img)
            loss = tf.reduce_mean(layer_activation[..., filter_index])
        gradients = tape.gradient(loss, input_img)
        gradients = normalize(gradients)
        input_img.assign_add(step_size * gradients)
    visualized_feature.append(input_img.numpy())

# %% plot
plt.figure(figsize=(10, 10))
for i, feature_ in enumerate(visualized_feature):
    feature_image = deprocess_image(feature_)
    ax = plt.subplot(8, 8, 1 + i)
    plt.imshow(feature_image.squeeze())
    ax.axis("off")
    plt.title("feature %s" % i)
plt.tight_layout()
plt.show()
