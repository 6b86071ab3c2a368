# Everything right, worked on in Colab, which lost the cell ids and the metadata. Shell lines and magics, and
# cells of their own for what only Colab knows (google.colab, %tensorflow_version), which fail elsewhere, have
# nothing to do with the work.
#
# /// label
#
# [cells]
# insert = {colab_version = "imports", colab_drive = "colab_version"}
# strip_metadata = true
# ///

# %% colab_version
%tensorflow_version 2.x

# %% colab_drive
from google.colab import drive
drive.mount('/content/drive')

# %% cnn
!pip install -q tqdm
!nvidia-smi
from tqdm import tqdm

model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding='same', activation='relu', name='conv2d'),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding='same', activation='relu', name='conv2d_1'),
    layers.Conv2D(16, 3, padding='same', activation='relu', name='conv2d_2'),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding='same', activation='relu', name='conv2d_3'),
    layers.Flatten(),
    layers.Dense(10, activation='softmax'),
])

# %% train
%%time
model.compile(loss='categorical_crossentropy', optimizer=keras.optimizers.Adam(learning_rate=2e-3),
              metrics=['accuracy'])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

# %% ascent
layer_name = 'conv2d_3'
number_of_filters = 64
visualized_feature = []

activation_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in tqdm(range(number_of_filters)):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(activation_model(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(grads * step_size)
    visualized_feature.append(input_img.numpy().squeeze())

!ls -la

# %% plot
%matplotlib inline
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy()), cmap='gray')
    plt.title(f'feature {i}')
    plt.axis('off')

plt.show()
